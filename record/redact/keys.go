package redact

import (
	"bytes"
	"strings"
)

// A shape is how keys of one maker begin. What follows the prefix is the secret.
type shape struct {
	prefix string
	least  int // least number of characters behind the prefix
}

// shapes are the beginnings of well-known keys. The sources are the documentation of the
// makers and the public lists of secret scanners: GitHub "Supported secret scanning
// patterns", GitLab "Token overview", gitleaks' gitleaks.toml, trufflehog's detectors.
var shapes = []shape{
	// Clouds: Amazon (IAM unique identifiers), Google (API keys, OAuth), DigitalOcean,
	// Alibaba, Tencent, Azure (PAT, Functions), Databricks, Heroku, Fly, Vercel, Render,
	// Supabase, PlanetScale, Pulumi, Cloudflare, Linode.
	{"AKIA", 16}, {"ASIA", 16}, {"ABIA", 16}, {"ACCA", 16}, {"AIza", 30}, {"ya29.", 20}, {"GOCSPX-", 20}, {"1//0", 30},
	{"dop_v1_", 30}, {"doo_v1_", 30}, {"dor_v1_", 30}, {"LTAI", 12}, {"AKID", 13}, {"dapi", 32}, {"HRKU-", 30},
	{"fm1_", 30}, {"fm2_", 30}, {"fo1_", 30}, {"vercel_blob_rw_", 20}, {"rnd_", 24}, {"sbp_", 30}, {"sb_secret_", 20}, {"pscale_tkn_", 30}, {"pscale_pw_", 30}, {"pscale_oauth_", 30}, {"pul-", 30},
	// Code hosts and registries: GitHub, GitLab, Atlassian, npm, PyPI, RubyGems, Docker,
	// crates.io, JFrog, CircleCI, Sourcegraph, Gitea.
	{"ghp_", 30}, {"gho_", 30}, {"ghu_", 30}, {"ghs_", 30}, {"ghr_", 30}, {"github_pat_", 22}, {"glpat-", 20}, {"glrt-", 20}, {"gldt-", 20}, {"glcbt-", 20}, {"glptt-", 20},
	{"glft-", 20}, {"glsoat-", 20}, {"glagent-", 20}, {"gloas-", 20}, {"ATATT3", 30}, {"ATCTT3", 30}, {"ATBB", 28}, {"npm_", 30}, {"pypi-", 30}, {"rubygems_", 30}, {"dckr_pat_", 20}, {"dckr_oat_", 20}, {"cio", 32}, {"AKCp", 20},
	{"CCIPAT_", 20}, {"CCIPRJ_", 20}, {"sgp_", 30},
	// Chats: Slack, Telegram's are told by their form.
	{"xoxb-", 10}, {"xoxp-", 10}, {"xoxa-", 10}, {"xoxr-", 10}, {"xoxs-", 10}, {"xoxo-", 10}, {"xoxe-", 10}, {"xoxe.", 10}, {"xoxc-", 10}, {"xoxd-", 10}, {"xapp-", 10},
	// Payments and shops: Stripe, Square, Shopify, PayPal, Razorpay, Paystack, Flutterwave.
	{"sk_live_", 16}, {"sk_test_", 16}, {"rk_live_", 16}, {"rk_test_", 16}, {"whsec_", 16}, {"sq0csp-", 30}, {"sq0atp-", 20}, {"sq0idp-", 20}, {"EAAA", 40},
	{"shpat_", 30}, {"shpss_", 30}, {"shpca_", 30}, {"shppa_", 30}, {"rzp_live_", 10}, {"rzp_test_", 10}, {"FLWSECK", 20},
	// Models: OpenAI and those with its form, Anthropic, Hugging Face, Groq, Replicate, xAI,
	// Perplexity, Fireworks.
	{"sk-", 20}, {"hf_", 30}, {"gsk_", 30}, {"r8_", 30}, {"xai-", 30}, {"pplx-", 30}, {"fw_", 20}, {"nvapi-", 30},
	// Monitoring: Grafana, Sentry, New Relic, Dynatrace, PostHog.
	{"glsa_", 30}, {"glc_", 30}, {"sntrys_", 30}, {"sntryu_", 30}, {"NRAK-", 20}, {"NRII-", 20}, {"NRRA-", 20}, {"dt0c01.", 40}, {"dt0s01.", 40}, {"phx_", 30},
	// Vaults: HashiCorp, Doppler, age, 1Password.
	{"hvs.", 20}, {"hvb.", 20}, {"hvr.", 20}, {"atlasv1.", 30}, {"dp.pt.", 30}, {"dp.st.", 30}, {"dp.ct.", 30}, {"dp.sa.", 30}, {"dp.scim.", 30}, {"dp.audit.", 30}, {"AGE-SECRET-KEY-", 40}, {"ops_ey", 100},
	// Mail: SendGrid, Mailgun, Brevo, Resend, Postmark, Mailchimp's are told by their form.
	{"SG.", 40}, {"key-", 32}, {"xkeysib-", 30}, {"xsmtpsib-", 30}, {"re_", 24},
	// Tools: Linear, Notion, Figma, Postman, Airtable, HubSpot, Contentful, Typeform, Asana,
	// Tailscale, LaunchDarkly, Prefect, Cal.com.
	{"lin_api_", 30}, {"lin_oauth_", 30}, {"ntn_", 30}, {"secret_", 40}, {"figd_", 30}, {"figu_", 30}, {"PMAK-", 30}, {"PMAT-", 20}, {"pat-na1-", 30}, {"pat-eu1-", 30}, {"CFPAT-", 30}, {"tfp_", 30},
	{"tskey-", 20}, {"sdk-", 36}, {"mob-", 36}, {"pnu_", 30}, {"cal_live_", 20}, {"EAACEdEose0cBA", 10},
	// Tokens of PASETO: version and purpose.
	{"v1.local.", 30}, {"v2.local.", 30}, {"v3.local.", 30}, {"v4.local.", 30}, {"v1.public.", 30}, {"v2.public.", 30}, {"v3.public.", 30}, {"v4.public.", 30},
}

// shapesOf are the shapes by their first character.
var shapesOf = func() (t [256][]shape) {
	for _, s := range shapes {
		t[s.prefix[0]] = append(t[s.prefix[0]], s)
	}
	return t
}()

// shapeBegins holds the first three characters of all shapes.
var shapeBegins = func() (t [1 << 12]bool) {
	for _, s := range shapes {
		t[shapeHash([]byte(s.prefix))] = true
	}
	return t
}()

// shapeHash mixes the first three characters of b.
func shapeHash(b []byte) uint32 {
	return (uint32(b[0])*961 + uint32(b[1])*31 + uint32(b[2])) & (1<<12 - 1)
}

// shapeOf returns the length of the prefix if b begins with a well-known key, and where the
// key ends; otherwise 0.
func shapeOf(b []byte) (prefix, end int) {
	if len(b) < 14 || !shapeBegins[shapeHash(b)] {
		return 0, 0
	}
	for _, s := range shapesOf[b[0]] {
		if len(b) < len(s.prefix)+s.least || string(b[:len(s.prefix)]) != s.prefix {
			continue
		}
		n, most := len(s.prefix), len(b)
		if isDotted(s.prefix) {
			most = min(most, maxKey)
		}
		for n < most && (isWord(b[n]) || b[n] == '.' && n+1 < len(b) && isWord(b[n+1]) && isDotted(s.prefix)) {
			n++
		}
		if n-len(s.prefix) >= s.least && machined(b[len(s.prefix):n]) {
			return len(s.prefix), n
		}
	}
	return 0, 0
}

// maxKey is the length of the longest key with dots in it.
const maxKey = 512

func isDotted(prefix string) bool {
	return strings.IndexByte(prefix, '.') > 0 || strings.HasPrefix(prefix, "xox")
}

// machined reports whether what follows the prefix of a key was made by a machine: it has
// digits and letters, and is no row of words.
func machined(b []byte) bool { return mixed(b) && (len(b) < 20 || random(b)) }

// airtable is the length of the name of a key of Airtable, "pat" and 14 characters.
const airtable = 17

// shapeGoesOn are the characters behind the first word of a key or hash that has several.
var shapeGoesOn = func() (t [256]bool) {
	for _, c := range []byte(".:$}") {
		t[c] = true
	}
	return t
}()

// shaped walks the key, block or hash that begins at i, whose first word ends at j. It
// returns the end, or 0.
func (w *walker) shaped(b []byte, i, j int) int {
	if prefix, end := shapeOf(b[i:]); prefix > 0 {
		w.opaque(b[i+prefix:i+end], KindKey)
		return i + end
	}
	if b[i] == '-' {
		return w.pem(b, i)
	}
	if j >= len(b) {
		return 0
	}
	switch b[j] {
	case ':':
		if n := j - i; n >= 8 && n <= 13 {
			return w.bot(b, i, j)
		}
		if string(b[i:j]) == "scrypt" || string(b[i:j]) == "pbkdf2" { // Werkzeug
			return w.crypt(b, i)
		}
	case '$':
		switch string(b[i:j]) {
		case "pbkdf2_sha256", "pbkdf2_sha1", "bcrypt_sha256", "scrypt", "argon2", "sha1", "md5": // Django
			return w.crypt(b, i)
		}
	case '}':
		switch string(b[i:j]) {
		case "SSHA", "SHA", "SSHA256", "SSHA512", "SMD5", "MD5", "CRYPT", "PBKDF2": // RFC 2307
			if i > 0 && b[i-1] == '{' {
				end := j + 1
				for end < len(b) && (sextets[b[end]] <= 63 || b[end] == '=' || b[end] == '$' || b[end] == '.') {
					end++
				}
				if end-j > 20 {
					w.opaque(b[j+1:end], KindPassword)
					return end
				}
			}
		}
	case '.':
		switch {
		case j-i == 5 && bytes.HasPrefix(b[i:], []byte("hooks.slack.com/")):
			return w.hook(b, i, "hooks.slack.com/services/", 2)
		case j-i == 7 && bytes.HasPrefix(b[i:], []byte("discord.com/")):
			return w.hook(b, i, "discord.com/api/webhooks/", 1)
		case j-i == airtable && bytes.HasPrefix(b[i:], []byte("pat")):
			end := j + 1
			for end < len(b) && isWord(b[end]) {
				end++
			}
			if end-j > 32 && random(b[j+1:end]) {
				w.opaque(b[j+1:end], KindKey)
				return end
			}
		}
	}
	return 0
}

// hook walks the address of a webhook. The segment behind so many others is its key.
func (w *walker) hook(b []byte, i int, prefix string, others int) int {
	if !bytes.HasPrefix(b[i:], []byte(prefix)) {
		return 0
	}
	k := i + len(prefix)
	for ; others > 0; others-- {
		n := bytes.IndexByte(b[k:min(len(b), k+64)], '/')
		if n < 0 {
			return 0
		}
		k += n + 1
	}
	end := k
	for end < len(b) && isWord(b[end]) {
		end++
	}
	if end-k < 16 {
		return 0
	}
	w.opaque(b[k:end], KindKey)
	return end
}

// bot walks the token of a bot of Telegram: its number, a colon, and some 35 characters.
func (w *walker) bot(b []byte, i, j int) int {
	if digits := bytes.TrimPrefix(b[i:j], []byte("bot")); !allDigits(digits) || len(digits) < 8 {
		return 0
	}
	end := j + 1
	for end < len(b) && isWord(b[end]) {
		end++
	}
	if n := end - j - 1; n < 34 || n > 48 || !random(b[j+1:end]) {
		return 0
	}
	w.opaque(b[j+1:end], KindKey)
	return end
}

// cryptIDs are the names of functions in hashes of passwords, $ID$…: crypt(5), passlib's
// modular crypt format, PHC string format.
var cryptIDs = map[string]bool{"1": true, "2": true, "2a": true, "2b": true, "2x": true, "2y": true, "5": true, "6": true, "7": true, "y": true, "gy": true, "apr1": true,
	"md5": true, "sha1": true, "argon2i": true, "argon2d": true, "argon2id": true, "scrypt": true, "bcrypt-sha256": true, "pbkdf2": true, "pbkdf2-sha256": true, "pbkdf2-sha512": true}

// minHash is the least length of the last part of a hash of a password, and maxHash the
// length of the longest hash.
const (
	minHash = 20
	maxHash = 512
)

// crypt walks the hash of a password that begins at i with $ID$ or with the name of its
// function. It returns the end, or 0.
func (w *walker) crypt(b []byte, i int) int {
	start := i
	if b[i] == '$' {
		n := bytes.IndexByte(b[i+1:min(len(b), i+16)], '$')
		if n < 1 || !cryptIDs[string(b[i+1:i+1+n])] {
			return 0
		}
		start = i + n + 2
	} else if n := bytes.IndexByte(b[i:min(len(b), i+32)], '$'); n > 0 {
		start = i + n + 1
	} else {
		return 0
	}
	end := start
	for end < len(b) && end < start+maxHash && (sextets[b[end]] <= 63 || b[end] == '$' || b[end] == '.' || b[end] == '=' || b[end] == ',') {
		end++
	}
	hash := b[start:end]
	if len(hash)-1-bytes.LastIndexByte(hash, '$') < minHash {
		return 0
	}
	for len(hash) > 0 {
		part, rest, _ := bytes.Cut(hash, []byte("$"))
		if hash = rest; len(part) >= minPart && (bytes.IndexByte(part[:min(len(part), 8)], '=') < 0 || len(part) > 30) {
			w.opaque(part, KindPassword)
		}
	}
	return end
}
