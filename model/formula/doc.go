// Package formula computes values that clients compute: signatures, hashes, the answers
// to a challenge, one-time passwords.
//
//	f, err := formula.Parse(`hex(hmac_sha256(key, request.method + "\n" + request.body))`)
//	value, err := f.Eval(&env)
//
// The central type is Formula: texts in quotes, names and calls of functions, joined by +.
// A name stands for a value of the request that the formula belongs to, or for a part of
// that request. What names mean comes in through an Env, as do the time and randomness.
//
// Digest access authentication follows RFC 7616, time-based one-time passwords RFC 6238.
package formula
