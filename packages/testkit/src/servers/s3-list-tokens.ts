import crypto from 'node:crypto';

/**
 * s3rver writes the token for the next page of a list with DES, which OpenSSL 3 no longer has: every list of more than
 * 1000 keys would end in "500 InternalError". From here on who asks for DES in this process gets AES; nobody else notices,
 * for he would have got an error.
 */
export function replaceMissingDes(): void {
  const { createCipheriv, createDecipheriv } = crypto;
  if (crypto.getCiphers().includes('des') || replaced) return;
  replaced = true;
  crypto.createCipheriv = withAesForDes(createCipheriv);
  crypto.createDecipheriv = withAesForDes(createDecipheriv);
}

let replaced = false;

type Create = (algorithm: string, key: Buffer, iv: Buffer, options?: object) => unknown;

function withAesForDes<T>(create: T): T {
  const original = create as Create;
  const replacement: Create = (algorithm, key, iv, options) =>
    algorithm === 'des'
      ? original('aes-128-ctr', Buffer.concat([key, key]), Buffer.concat([iv, iv]), options)
      : original(algorithm, key, iv, options);
  return replacement as T;
}
