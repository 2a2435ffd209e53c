// What AWS puts around JSON: frames of streams, and signatures.

import { createHash, createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';

const uint32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
// A header whose value is a text (type 7).
const header = ([name, value]) => Buffer.concat([
  Buffer.from([name.length]), Buffer.from(name), Buffer.from([7, value.length >> 8, value.length & 255]), Buffer.from(value),
]);

/** A message of a stream: https://smithy.io/2.0/aws/amazon-eventstream.html */
export function frame(headers, payload) {
  const head = Buffer.concat(Object.entries(headers).map(header));
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.concat([uint32(16 + head.length + body.length), uint32(head.length)]);
  const message = Buffer.concat([prelude, uint32(crc32(prelude)), head, body]);
  return Buffer.concat([message, uint32(crc32(message))]);
}

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * The `authorization` that a request should have, which signs the headers that its own one names:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signature({ method, path, headers, body }, { id, secret, region }) {
  const names = headers.authorization.match(/SignedHeaders=([^,]+)/)[1];
  const time = headers['x-amz-date'];
  const scope = [time.slice(0, 8), region, 'bedrock', 'aws4_request'];
  const canonical = [
    method, path.split('/').map(encode).join('/'), '',
    ...names.split(';').map((name) => `${name}:${headers[name]}`), '', names, sha256(body),
  ].join('\n');
  const key = scope.reduce(hmac, `AWS4${secret}`);
  const signed = hmac(key, ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n')).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${id}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signed}`;
}

/** Milliseconds of the `x-amz-date` that a request bears. */
export const amzTime = (text) => Date.parse(text.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'));
