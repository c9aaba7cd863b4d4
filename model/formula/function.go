package formula

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
	"time"

	"github.com/starling-load/starling/model/content/patch"
)

// A function computes a text from others. Hashes give bytes, which hex and base64 write.
type function struct {
	name string
	args int
	do   func(env *Env, args []string) (string, error)
}

// functions returns all functions.
func functions() []function {
	list := []function{
		{"hex", 1, plain(func(s string) string { return hex.EncodeToString([]byte(s)) })},
		{"unhex", 1, func(_ *Env, a []string) (string, error) {
			b, err := hex.DecodeString(a[0])
			if err != nil {
				return "", errors.New("the text is not hexadecimal")
			}
			return string(b), nil
		}},
		{"base64", 1, plain(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) })},
		{"base64url", 1, plain(func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) })},
		{"unbase64", 1, func(_ *Env, a []string) (string, error) { return unbase64(a[0]) }},
		{"upper", 1, plain(strings.ToUpper)},
		{"lower", 1, plain(strings.ToLower)},
		{"totp", 1, func(env *Env, a []string) (string, error) { return TOTP(a[0], env.Now) }},
		{"digest", 3, digest},
		{"edited", 2, func(_ *Env, a []string) (string, error) { return patch.OpenText(a[1], a[0]) }},
	}
	for _, h := range Hashes() {
		list = append(list,
			function{h.Name, 1, plain(func(s string) string { return string(sum(h.New(), s)) })},
			function{"hmac_" + h.Name, 2, func(_ *Env, a []string) (string, error) {
				return string(sum(hmac.New(h.New, []byte(a[0])), a[1])), nil
			}})
	}
	return list
}

func plain(f func(string) string) func(*Env, []string) (string, error) {
	return func(_ *Env, args []string) (string, error) { return f(args[0]), nil }
}

func sum(h hash.Hash, s string) []byte {
	h.Write([]byte(s))
	return h.Sum(nil)
}

// A Hash is a hash function by its name in formulas.
type Hash struct {
	Name string
	New  func() hash.Hash
}

// Hashes returns the hash functions that formulas know. For each there is also
// hmac_NAME(key, text).
func Hashes() []Hash {
	return []Hash{{"md5", md5.New}, {"sha1", sha1.New}, {"sha256", sha256.New}, {"sha384", sha512.New384}, {"sha512", sha512.New}}
}

func functionOf(name string) *function {
	for _, f := range functions() {
		if f.name == name {
			return &f
		}
	}
	return nil
}

func names() []string {
	var out []string
	for _, f := range functions() {
		out = append(out, f.name)
	}
	return out
}

// unbase64 decodes base64 in either alphabet, with or without padding.
func unbase64(s string) (string, error) {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return "", errors.New("the text is not base64")
	}
	return string(b), nil
}

// Step is how long a one-time password holds.
const Step = 30 * time.Second

// TOTP returns the one-time password of six digits for a secret in base32 (RFC 6238).
func TOTP(secret string, now time.Time) (string, error) {
	secret = strings.ToUpper(strings.ReplaceAll(strings.TrimRight(secret, "="), " ", ""))
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil || len(key) == 0 {
		return "", errors.New("the secret is not base32")
	}
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(now.Unix()/int64(Step/time.Second)))
	mac := sum(hmac.New(sha1.New, key), string(counter[:]))
	at := mac[len(mac)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(mac[at:])&0x7fffffff%1_000_000), nil
}
