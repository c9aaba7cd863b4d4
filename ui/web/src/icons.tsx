import type { JSX } from "preact";

const icon = (children: JSX.Element): JSX.Element => (
  <svg class="icon" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
    {children}
  </svg>
);

export const Check = () => icon(<path d="m3 8.500 3.200 3L13 4.500" />);
export const Warn = () => icon(<path d="M8 2.200 14.300 13.500H1.700zM8 6.500v3.200M8 11.600v.1" />);
export const Cross = () => icon(<path d="m4 4 8 8m0-8-8 8" />);
export const Up = () => icon(<path d="M8 13V3.500M3.800 7.500 8 3.200l4.200 4.300" />);
export const Down = () => icon(<path d="M8 3v9.500M3.800 8.500 8 12.800l4.200-4.300" />);
export const Equal = () => icon(<path d="M3 6h10M3 10h10" />);
export const Question = () => icon(<path d="M5.500 6a2.500 2.500 0 1 1 3.600 2.200C8.400 8.600 8 9 8 9.800M8 12.400v.1" />);
export const Sun = () => icon(<path d="M8 5.200a2.800 2.800 0 1 1 0 5.600 2.800 2.800 0 0 1 0-5.600M8 1.200v1.500M8 13.300v1.500M1.200 8h1.500M13.300 8h1.500M3.200 3.200l1 1M11.800 11.800l1 1M12.800 3.200l-1 1M4.200 11.800l-1 1" />);
export const Moon = () => icon(<path d="M13.200 9.600A5.600 5.600 0 0 1 6.400 2.800a5.600 5.600 0 1 0 6.800 6.800" />);
export const Stop = () => icon(<rect x="3.800" y="3.800" width="8.400" height="8.400" rx="1.500" fill="currentColor" stroke="none" />);
export const Swap = () => icon(<path d="M2.500 5.500h10.500L10.500 3M13.500 10.500H3L5.500 13" />);
export const Chevron = () => icon(<path d="m6 3.500 4.500 4.500L6 12.500" />);

export const Logo = () => (
  <svg class="logo" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
    <path d="M3 19.500c5-.6 8-2.900 10.200-6.900C14.900 9.400 17.900 7.500 21.500 7.500c2.200 0 4 .9 5.100 2.400l2.900.9-2.800 1.400c-.3 6.700-5.100 11.800-12 11.800-2.900 0-5.300-.7-7.500-2 2.300-.1 4.100-.6 5.600-1.600-3.300.5-6.700.2-9.800-.9z" fill="currentColor" />
    <circle cx="22.100" cy="11.200" r="1.150" fill="var(--page)" />
  </svg>
);
