package correlate

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/formula"
)

func lengths(shortest, longest int) string {
	if shortest == longest {
		return strconv.Itoa(shortest)
	}
	return strconv.Itoa(shortest) + "-" + strconv.Itoa(longest)
}

// basicLogin returns the user and password of Basic credentials (RFC 7617).
func basicLogin(value string) (user, password string, ok bool) {
	b, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(b), ":")
}

// login returns the credentials that the head of a request carries: a user and, where it
// is known or stands in the user's row, the password.
func (e *parsed) login(f *model.Source, index map[string][]int) []string {
	for i := range e.spans {
		sp := &e.spans[i]
		if sp.Place != content.InHeader {
			continue
		}
		if sp.Selector == "header:Authorization Basic" {
			if user, password, ok := basicLogin(sp.Value); ok {
				return []string{user, password}
			}
		}
		if sp.Selector == "header:Authorization" {
			a := formula.ParseDigest(sp.Value)
			for _, r := range index[a["username"]] {
				for _, v := range f.Rows[r] {
					if answers(use{e, sp.Value}, a["username"], v) {
						return []string{a["username"], v}
					}
				}
			}
		}
	}
	return nil
}

// count returns how many uses a recipe gives.
func (l *Learner) count(r *recipe, uses []use) int {
	n := 0
	for _, u := range uses {
		if r.makes(l, u) {
			n++
		}
	}
	return n
}

// oneTime explains one-time passwords whose secret stands in the user's row or in an
// answer.
func (l *Learner) oneTime(uses []use, budget *int) *recipe {
	if strings.Trim(uses[0].value, "0123456789") != "" {
		return nil
	}
	c := &cook{Learner: l, uses: uses, budget: budget}
	for _, k := range append(l.columns(uses[0].exchange.session), c.answers(uses[0].exchange)...) {
		if len(k.text) < 16 || !isTOTP(k.text, uses[0]) {
			continue
		}
		if r := (&recipe{of: "totp", parts: []ingredient{k.ingredient}}); c.gives(r) {
			return r
		}
	}
	return nil
}

// answersChallenge reports whether the place answers a Digest challenge.
func (p *leaf) answersChallenge() bool {
	return p.header() == "Authorization" && len(p.uses) > 0 && formula.ParseDigest(p.uses[0].value) != nil
}

// answerChallenges explains the places that answer challenges. What stands within them is
// computed with the rest.
func (l *Learner) answerChallenges() {
	for _, t := range l.targets {
		for _, p := range t.leaves {
			if p.pieces == nil && p.answersChallenge() {
				if r := l.digest(p.uses); r != nil {
					l.acceptRecipe(p, p.uses, r, false)
				}
			}
		}
	}
}

// digest explains answers to Digest challenges. The password is one of the user's row, or
// one that the recording shows elsewhere.
func (l *Learner) digest(uses []use) *recipe {
	challenge := ingredient{sources: challenges(uses)}
	if len(challenge.sources) == 0 {
		return nil
	}
	user := ingredient{own: "username", find: func(u use) (string, *parsed) {
		return formula.ParseDigest(u.value)["username"], u.exchange
	}}
	password := ingredient{own: "password", find: shownPassword}
	for _, u := range uses {
		a := formula.ParseDigest(u.value)
		if a == nil {
			return nil
		}
		for _, k := range l.columns(u.exchange.session) {
			switch {
			case k.text == a["username"]:
				user.data = k.data
			case answers(u, a["username"], k.text):
				password.data = k.data
			}
		}
	}
	if password.data != "" {
		password = ingredient{data: password.data}
	}
	if user.data != "" {
		user = ingredient{data: user.data}
	}
	user.look(uses)
	password.look(uses)
	r := &recipe{of: "digest", parts: []ingredient{challenge, user, password}}
	if n := l.count(r, uses); n == 0 || 10*n < 9*len(uses) {
		return nil
	}
	return r
}

// shownPassword looks for the password of an answer to a challenge among all that the
// session sent and received, and returns the exchange that has it.
func shownPassword(u use) (string, *parsed) {
	const most = 2000
	tried, user := 0, formula.ParseDigest(u.value)["username"]
	for _, e := range u.exchange.session.exchanges {
		for i := range e.spans {
			if tried++; tried < most && answers(u, user, e.spans[i].Value) {
				return e.spans[i].Value, e
			}
		}
		for _, leaf := range e.doc.Leaves() {
			if tried++; tried < most && len(leaf.Value) <= maxKey && answers(u, user, leaf.Value) {
				return leaf.Value, e
			}
		}
	}
	return "", nil
}

// challenges returns the places of answers that held the challenges which the uses answer.
func challenges(uses []use) []source {
	const selector = "header:Www-Authenticate"
	var out []source
	for _, u := range uses {
		nonce := formula.ParseDigest(u.value)["nonce"]
		for _, e := range u.exchange.session.exchanges[:u.exchange.index] {
			s := source{e.Endpoint, selector}
			if e.before(u.exchange) && !slices.Contains(out, s) && formula.ParseDigest(first(e.values(selector)))["nonce"] == nonce && len(out) < maxChosen {
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, bySource)
	return out
}
