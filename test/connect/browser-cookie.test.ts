import { describe, expect, it } from 'vitest';
import { keepBrowserCookie, readBrowserCookie } from '../../functions/connect/browser-cookie.ts';

const value = 'a'.repeat(48);
const newId = () => 'b'.repeat(48);

describe('the browser’s cookie', () => {
  it('has the prefix, Secure, HttpOnly and SameSite=Lax on https', () => {
    expect(keepBrowserCookie('https://connect.example.com', undefined, newId).setCookie).toBe(
      `__Host-connect=${newId()}; Path=/; Max-Age=5400; HttpOnly; SameSite=Lax; Secure`,
    );
  });

  it('has a bare name and no Secure on http, which exists on this machine only', () => {
    expect(keepBrowserCookie('http://localhost:4400', undefined, newId).setCookie).toBe(
      `connect=${newId()}; Path=/; Max-Age=5400; HttpOnly; SameSite=Lax`,
    );
  });

  it('keeps the value that the browser has, so that a second tab breaks no first one', () => {
    expect(keepBrowserCookie('https://connect.example.com', value, newId).value).toBe(value);
  });

  it('is read by its exact name', () => {
    const read = (...cookies: string[]) => readBrowserCookie('https://connect.example.com', cookies);
    expect(read(`other=1`, `__Host-connect=${value}`)).toBe(value);
    expect(read(`connect=${value}`)).toBeUndefined();
    expect(read(`__Host-connect2=${value}`)).toBeUndefined();
    expect(read()).toBeUndefined();
  });

  it.each(['', 'short', `${value};x`, `${value}"`, `${value}\r\nset-cookie: x=1`, 'é'.repeat(48), 'a'.repeat(129)])(
    'is not ours when its value is %j',
    (other) => {
      expect(readBrowserCookie('https://connect.example.com', [`__Host-connect=${other}`])).toBeUndefined();
    },
  );
});
