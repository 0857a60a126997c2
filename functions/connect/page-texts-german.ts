import type { PageTexts } from './page-texts.ts';

const askForNewLink = 'Wenn Ihr Link abgelaufen ist, bitten Sie die Person, die ihn geschickt hat, um einen neuen.';
const tellOperators = 'Wenn es wieder geschieht, nennen Sie {operators} die Referenz unten, unter „{details}“.';
const operatorsMust =
  'Sie können das nicht selbst beheben. Nennen Sie {operators} die Referenz unten, unter „{details}“.';
const whenCorrected = 'Wenn der Fehler behoben ist, öffnen Sie Ihren Link noch einmal, oder bitten Sie um einen neuen.';

/** The texts in German. They address their reader formally. */
export const germanTexts: PageTexts = {
  app: 'diese Integration',
  operators: 'den Betreibern dieser Integration',
  operatorsOfApp: 'den Betreibern von {app}',
  success: 'Fertig',
  notice: 'Bitte beachten',
  fault: 'Problem',
  startTitle: 'Mit Procore verbinden',
  startFor: '{app} bittet um Zugriff auf Ihr Procore-Konto.',
  startForName: '{app} bittet um Zugriff auf Ihr Procore-Konto. Er ist für {name}.',
  startNext: 'Procore bittet Sie, sich anzumelden und den Zugriff zu erlauben. Danach kommen Sie hierher zurück.',
  connect: 'Mit Procore verbinden',
  connectedTitle: 'Verbunden',
  connected: '{app} ist jetzt mit Ihrem Procore-Konto verbunden.',
  connectedName: '{app} ist jetzt mit Ihrem Procore-Konto verbunden, für {name}.',
  connectedCompany: 'Die Firma ist {company}.',
  canClose: 'Sie können diese Seite schließen.',
  nowhereTitle: 'Verbunden, aber noch nicht installiert',
  nowhere:
    'Ihr Procore-Konto ist verbunden, aber es sieht keine Firma, in der {app} installiert ist. Bis dahin kann nichts gelesen werden.',
  nowhereWhatToDo:
    'Bitten Sie einen Administrator Ihrer Firma in Procore, die App zu installieren: in Procore unter App Management der Firma. Danach müssen Sie sich nicht noch einmal verbinden.',
  tooMany:
    'Ihr Konto sieht zu viele Firmen für eine Liste. Suchen Sie die Firma, für die diese Verbindung ist, nach Namen oder Nummer.',
  companyTitle: 'Firma wählen',
  companyWhy: 'Ihr Procore-Konto ist verbunden. Noch ein Schritt: Ihr Konto sieht mehrere Firmen.',
  companyWhyWaiting:
    'Noch zwei Schritte, bevor Ihr Procore-Konto verbunden ist. Der erste: Ihr Konto sieht mehrere Firmen.',
  companyQuestion: 'Für welche Firma ist diese Verbindung?',
  companyNumber: 'Firma {number}',
  companyNone: 'Wählen Sie eine Firma aus der Liste.',
  companyUse: 'Diese Firma verwenden',
  search: 'Name oder Nummer der Firma',
  find: 'Suchen',
  found: '{shown} Firmen.',
  foundMore: '{shown} von {total} Firmen werden gezeigt. Suchen Sie, um die anderen zu sehen.',
  foundSome: '{shown} Firmen. Wenn Ihre nicht dabei ist, suchen Sie nach mehr von ihrem Namen oder nach ihrer Nummer.',
  foundNone: 'Keine Firma gefunden für {query}.',
  showAll: 'Alle Firmen zeigen',
  homeTitle: 'Hier ist nichts zu tun',
  home: 'Unter dieser Adresse werden Procore-Konten verbunden: {app}. Um Ihres zu verbinden, öffnen Sie den Link, den Sie bekommen haben.',
  notFoundTitle: 'Diese Seite gibt es nicht',
  notFound:
    'Die Adresse ist unvollständig oder falsch geschrieben. Um Ihr Procore-Konto zu verbinden, öffnen Sie den ganzen Link, den Sie bekommen haben.',
  whatToDo: 'Was Sie tun können',
  startAgain: 'Noch einmal beginnen',
  openLink: 'Den Link noch einmal öffnen',
  lookAgain: 'Noch einmal nachsehen',
  contact: 'Support kontaktieren',
  questions: 'Fragen?',
  details: 'Einzelheiten für den Support',
  reference: 'Referenz',
  connection: 'Verbindung',
  code: 'Code',
  failures: {
    link_unknown: {
      title: 'Dieser Link ist nicht gültig',
      why: 'Der Link ist unvollständig, oder er ist seit einiger Zeit abgelaufen und wurde gelöscht.',
      whatToDo:
        'Prüfen Sie, ob Sie den ganzen Link geöffnet haben. Wenn ja, bitten Sie die Person, die ihn geschickt hat, um einen neuen.',
    },
    link_expired: {
      title: 'Dieser Link ist abgelaufen',
      why: 'Ein Link gilt 15 Minuten, damit niemand mit einer alten Nachricht ein Konto verbinden kann.',
      whatToDo:
        'Bitten Sie die Person, die Ihnen den Link geschickt hat, um einen neuen. Öffnen Sie ihn, wenn Sie bereit sind, sich bei Procore anzumelden.',
    },
    link_spent: {
      title: 'Dieser Link wurde schon benutzt',
      why: 'Mit diesem Link wurde ein Konto verbunden. Ein Link verbindet nur einmal.',
      whatToDo:
        'Wenn Sie das waren, ist nichts zu tun: Das Konto ist verbunden. Wenn nicht, oder um es noch einmal zu verbinden, bitten Sie die Person, die Ihnen den Link geschickt hat, um einen neuen.',
    },
    link_used_up: {
      title: 'Dieser Link wurde zu oft benutzt',
      why: 'Die Anmeldung wurde mit diesem Link zehnmal begonnen. Öfter dient ein Link nicht, damit niemand es mit ihm immer weiter versuchen kann.',
      whatToDo:
        'Bitten Sie die Person, die Ihnen den Link geschickt hat, um einen neuen, und bleiben Sie damit in einem Browser. Wenn Sie nie eine Anmeldung begonnen haben, hat jemand anderes Ihren Link: Geben Sie ihn nicht weiter.',
    },
    cookie_missing: {
      title: 'Ihr Browser hat kein Cookie geschickt',
      why: 'Ein Cookie zeigt uns, dass Sie in den Browser zurückkommen, in dem Sie begonnen haben. Ihr Browser hat es blockiert, oder es wurde gelöscht.',
      whatToDo:
        'Erlauben Sie Cookies für diese Seite, oder verlassen Sie den privaten Modus. Öffnen Sie dann Ihren Link noch einmal.',
    },
    foreign_post: {
      title: 'Das wurde nicht auf unserer Seite begonnen',
      why: 'Eine andere Website wollte die Verbindung für Sie beginnen. So könnte Ihr Konto mit Fremden verbunden werden, darum erlauben wir es nicht.',
      whatToDo:
        'Wenn Sie verbinden möchten, öffnen Sie den Link, den Sie bekommen haben, und drücken Sie den Knopf auf jener Seite.',
    },
    state_unknown: {
      title: 'Wir kennen diese Anmeldung nicht',
      why: 'Die Anmeldung wurde vor zu langer Zeit begonnen, die Adresse dieser Seite ist unvollständig, oder sie gehört zu einem anderen System.',
      whatToDo: `Öffnen Sie den Link, den Sie bekommen haben, noch einmal. ${askForNewLink}`,
    },
    stranger: {
      title: 'Diese Anmeldung wurde in einem anderen Browser begonnen',
      why: 'Sie müssen von Procore in den Browser zurückkommen, in dem Sie den Link geöffnet haben. Dies ist ein anderer, oder seine Cookies wurden gelöscht.',
      whatToDo:
        'Öffnen Sie Ihren Link in diesem Browser, und bleiben Sie darin, bis das Konto verbunden ist. Wenn Sie nie einen solchen Link geöffnet haben, schließen Sie diese Seite: Es wurde nichts verbunden.',
    },
    state_expired: {
      title: 'Die Anmeldung hat zu lange gedauert',
      why: 'Sie kamen von Procore mehr als 30 Minuten nach dem Beginn zurück.',
      whatToDo: `Beginnen Sie noch einmal. ${askForNewLink}`,
    },
    denied: {
      title: 'Sie haben den Zugriff nicht erlaubt',
      why: 'Der Zugriff wurde auf der Seite von Procore abgelehnt. Es wurde nichts verbunden und nichts geändert.',
      whatToDo:
        'Wenn Sie ablehnen wollten, ist nichts zu tun. Wenn es ein Versehen war, beginnen Sie noch einmal und erlauben Sie den Zugriff.',
    },
    code_refused: {
      title: 'Procore hat die Anmeldung nicht angenommen',
      why: 'Die Antwort von Procore wurde schon benutzt, oder sie ist zu alt. Es wurde nichts verbunden.',
      whatToDo: `Beginnen Sie noch einmal. ${askForNewLink} ${tellOperators}`,
    },
    client_refused: {
      title: 'Procore nimmt diese Integration nicht an',
      why: 'Procore kennt die App zurzeit nicht. Ihr Konto ist nicht die Ursache. Es wurde nichts verbunden.',
      whatToDo: `${operatorsMust} ${whenCorrected}`,
    },
    client_missing: {
      title: 'Diese Integration ist noch nicht eingerichtet',
      why: 'Der App fehlt zurzeit, woran Procore sie erkennt. Ihr Konto ist nicht die Ursache. Es wurde nichts verbunden.',
      whatToDo: `${operatorsMust} ${whenCorrected}`,
    },
    authorization_refused: {
      title: 'Procore hat die Anfrage abgelehnt',
      why: 'Procore hat nicht angenommen, wie die App um Zugriff bat, und hat Sie zurückgeschickt. Ihr Konto ist nicht die Ursache.',
      whatToDo: `${operatorsMust} ${whenCorrected}`,
    },
    procore_unavailable: {
      title: 'Procore ist nicht erreichbar',
      why: 'Procore hat nicht geantwortet, mit einem Fehler geantwortet, oder uns gebeten zu warten.',
      whatToDo: `Warten Sie ein paar Minuten und beginnen Sie noch einmal. ${askForNewLink} Wenn es stundenlang so bleibt, nennen Sie {operators} die Referenz unten, unter „{details}“.`,
    },
    superseded: {
      title: 'Dieses Konto war schon verbunden',
      why: 'Während Sie bei Procore waren, wurde mit diesem Link in einem anderen Tab oder mit einem neueren Link ein Konto verbunden, oder die Verbindung wurde beendet. Das bleibt so. Was Sie gerade erlaubt haben, wurde nicht behalten.',
      whatToDo:
        'Es ist nichts zu tun. Um stattdessen ein anderes Konto zu verbinden, bitten Sie die Person, die Ihnen den Link geschickt hat, um einen neuen.',
    },
    wrong_environment: {
      title: 'Die Anmeldung gehört zu einem anderen Procore',
      why: 'Procore sagt, dass Sie einer anderen App den Zugriff erlaubt haben. Wir haben diesen Zugriff entfernt.',
      whatToDo: `${operatorsMust} Wenn der Fehler behoben ist, bitten Sie um einen neuen Link.`,
    },
    under_way: {
      title: 'Ihr Konto wird noch verbunden',
      why: 'Procore oder diese Integration antwortet langsam.',
      whatToDo: 'Warten Sie einen Augenblick und sehen Sie dann noch einmal nach.',
    },
    interrupted: {
      title: 'Das Verbinden wurde unterbrochen',
      why: 'Procore hat geantwortet, aber auf unserer Seite brach etwas ab, bevor die Antwort gespeichert war. Ihr Konto ist nicht verbunden.',
      whatToDo: `Beginnen Sie noch einmal. ${askForNewLink} ${tellOperators}`,
    },
    choice_unknown: {
      title: 'Die Firma kann hier nicht mehr gewählt werden',
      why: 'Sie haben sich vor zu langer Zeit oder in einem anderen Browser verbunden, oder die Adresse dieser Seite ist unvollständig.',
      whatToDo:
        'Bitten Sie die Person, die Ihnen den Link geschickt hat, um einen neuen, und verbinden Sie noch einmal. Dann können Sie die Firma wählen.',
    },
    failed: {
      title: 'Auf unserer Seite ist etwas schiefgegangen',
      why: 'Ein unerwarteter Fehler ist aufgetreten. Er wurde aufgezeichnet. Ihr Konto ist nicht die Ursache.',
      whatToDo: `Warten Sie eine Minute und öffnen Sie Ihren Link noch einmal. ${tellOperators}`,
    },
  },
};
