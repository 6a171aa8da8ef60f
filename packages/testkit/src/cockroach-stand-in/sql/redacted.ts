/** Parameters of storage URLs that CockroachDB does not show again. */
const secretParameters =
  /\b((?:AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|CREDENTIALS|BEARER_TOKEN|AZURE_ACCOUNT_KEY|AZURE_CLIENT_SECRET)=)[^&'"\s)]*/gi;
const passwordInUrl = /(:\/\/[^/:@\s'"]*:)[^/@\s'"]+@/g;

/** Text with the secrets of the URLs in it replaced, as CockroachDB prints them in jobs and errors. */
export function redacted(text: string): string {
  return text.replaceAll(secretParameters, '$1redacted').replaceAll(passwordInUrl, '$1redacted@');
}
