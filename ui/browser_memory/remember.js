// @ts-check
/** Keep a value in a cookie of this site. This component shows nothing. */

const ONE_YEAR_S = 365 * 24 * 3600;

/** @param {{ data: { name: string, value: string } }} component */
export default function remember({ data }) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${data.name}=${data.value}; Path=/; Max-Age=${ONE_YEAR_S}; SameSite=Lax${secure}`;
}
