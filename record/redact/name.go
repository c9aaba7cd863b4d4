package redact

import (
	"slices"
	"strings"
)

// A class says what a name tells about its value.
type class uint8

const (
	plain    class = iota // nothing
	kept                  // not secret, by a rule
	likely                // a secret if it looks random
	token                 // a token or key
	password              // what a person knows
)

func (c class) secret() bool { return c >= token }

func (c class) kind() Kind {
	if c == password {
		return KindPassword
	}
	return KindToken
}

// classify returns the class of the name of a header, cookie, field or element. Words end
// at other characters and where the case changes.
func classify(name string) class {
	words := wordsOf(name)
	if len(words) == 0 {
		return plain
	}
	last, joined := words[len(words)-1], strings.Join(words, "")
	about := slices.Contains(aboutWords, last)
	for _, part := range passwordParts {
		if strings.Contains(joined, part) {
			if about {
				return likely
			}
			return password
		}
	}
	switch {
	case slices.Contains(passwordNames, joined):
		return password
	case slices.Contains(tokenNames, joined), !about && (strings.Contains(joined, "csrf") || strings.Contains(joined, "xsrf")):
		return token
	}
	for _, end := range tokenEnds {
		if strings.HasSuffix(joined, end) {
			return token
		}
	}
	if strings.HasSuffix(joined, tokenShort) || slices.ContainsFunc(words, func(w string) bool { return slices.Contains(likelyWords, w) }) {
		return likely
	}
	return plain
}

// The tables of names. Names of what a person knows come from HTML's autocomplete tokens
// (WHATWG HTML, 4.10.18.7), from payment forms (cvv, cvc, csc: EMV) and from common
// spellings. Names of tokens come from OAuth 2.0 (RFC 6749, 7521, 7636), SAML 2.0
// bindings, OpenID Connect, and the session ids in OWASP's Session Management Cheat
// Sheet. If a name is in no table, its value decides: see detect.go.
var (
	// passwordParts make any name that contains one of them the name of a password.
	passwordParts = []string{"password", "passwd", "passphrase", "passwort", "motdepasse", "contrasena"}

	// passwordNames are whole names of what a person knows.
	passwordNames = []string{"pass", "pwd", "passcode", "pin", "pincode", "userpass", "userpwd", "loginpass", "newpass", "oldpass",
		"newpwd", "oldpwd", "otp", "otpcode", "totp", "totpcode", "cvv", "cvv2", "cvc", "cvc2", "csc", "ssn", "securitycode",
		"securityanswer", "secretanswer", "verificationcode", "smscode", "mfacode"}

	// tokenNames are whole names of tokens and keys.
	tokenNames = []string{"authorization", "proxyauthorization", "xauth", "sid", "jsessionid", "phpsessid", "sessid", "sessionid",
		"aspsessionid", "cfid", "cftoken", "samlresponse", "samlrequest", "jwt", "bearer", "clientassertion", "codeverifier"}

	// tokenEnds end the names of tokens and keys.
	tokenEnds = []string{"token", "secret", "apikey", "accesskey", "secretkey", "privatekey", "authkey", "sessionkey", "signingkey",
		"encryptionkey", "subscriptionkey", "functionskey", "accountkey", "licensekey", "sessionid", "secretaccesskey", "accesskeyid"}

	// tokenShort ends names that abbreviate "token". Other names end with it too.
	tokenShort = "tok"

	// likelyWords are words in names of tokens. Names of other values have them too.
	likelyWords = []string{"token", "secret", "auth", "authorization", "nonce", "ticket", "sig", "signature", "hmac", "session", "sess", "sid",
		"credential", "credentials", "assertion", "verifier", "jwt", "bearer", "code", "pass", "pwd", "otp", "csrf", "xsrf"}

	// aboutWords end the names of values that describe a secret.
	aboutWords = []string{"type", "types", "expires", "expiry", "expiration", "expire", "length", "min", "max", "count", "strength", "policy", "hint",
		"url", "uri", "name", "param", "header", "at", "in", "date", "time", "ttl", "required", "label", "placeholder", "error", "message", "limit", "id"}
)

// maxName is the length in bytes of the longest name that is looked at.
const maxName = 128

// wordsOf splits a name into words in lower case. "X-" in front is dropped.
func wordsOf(name string) []string {
	if len(name) > maxName {
		return nil
	}
	var words []string
	start, lower := 0, false
	flush := func(end int) {
		if end > start {
			words = append(words, strings.ToLower(name[start:end]))
		}
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case !isLetter(c) && (c < '0' || c > '9'):
			flush(i)
			start, lower = i+1, false
		case c >= 'A' && c <= 'Z' && lower:
			flush(i)
			start, lower = i, false
		default:
			lower = c >= 'a'
		}
	}
	flush(len(name))
	if len(words) > 1 && words[0] == "x" {
		words = words[1:]
	}
	return words
}
