//go:build e2e

package cmd_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
)

// A label says where a value of an application's requests comes from, as a person who
// knows the application does.
type label struct {
	endpoint string // regular expression of the endpoint's name
	place    string // of the text of a request; the group is the hole
	from     string // of what every source of the hole is: "ENDPOINT SELECTOR", or "FILE.COLUMN" of a data file
}

const (
	hole         = `\$\{([^}]+)\}`
	leastPrecise = 0.98 // of the values that a model explains, as many are right
)

// assertLabels compares what a model explains with the labels, of which it has to have
// at least a share.
func assertLabels(t *testing.T, name string, labels []label, least float64) {
	t.Helper()
	m, err := folder.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	sources := make(map[string][]string)
	for _, b := range m.Bindings {
		for _, s := range b.Sources {
			sources[b.Name] = append(sources[b.Name], s.Endpoint+" "+s.Selector)
		}
	}
	found := make(map[int]bool)
	explained, right := 0, 0
	for _, e := range m.Endpoints {
		for _, v := range e.Variants {
			labelled := labelled(labels, e.Name, requestText(&v))
			for _, value := range v.Values {
				from := sources[value.Ref]
				if value.Kind == model.Data {
					from = []string{value.Ref}
				} else if value.Kind != model.Bound {
					continue
				}
				explained++
				i, ok := labelled[value.Name]
				if ok = ok && allMatch(labels[i].from, from); ok {
					right++
					found[i] = true
				} else {
					t.Logf("%s: ${%s} from %v is not as labelled", e.Name, value.Name, from)
				}
			}
		}
	}
	absent := 0
	for i, l := range labels {
		switch {
		case found[i]:
		case !inModel(m, l.endpoint):
			absent++
			t.Logf("%s is not in the model", l.endpoint)
		default:
			t.Logf("%s %s is not bound to %s", l.endpoint, l.place, l.from)
		}
	}
	if absent > 1 { // one is a stream that clients break off: some recordings hold no whole one
		t.Errorf("%d labels are of endpoints that the model does not have", absent)
	}
	present := len(labels) - absent
	precision, recall := float64(right)/float64(max(explained, 1)), float64(len(found))/float64(max(present, 1))
	t.Logf("bindings: precision %.3f of %d values, recall %.3f of %d labels", precision, explained, recall, present)
	if precision < leastPrecise || recall < least {
		t.Errorf("precision %.3f, recall %.3f; want at least %.2f and %.2f", precision, recall, leastPrecise, least)
	}
}

// inModel reports whether a label is of an endpoint of m.
func inModel(m *model.Model, endpoint string) bool {
	pattern := regexp.MustCompile("^(?:" + endpoint + ")")
	return slices.ContainsFunc(m.Endpoints, func(e model.Endpoint) bool { return pattern.MatchString(e.Name) })
}

// labelled returns the holes of a request that have a label, by name.
func labelled(labels []label, endpoint, text string) map[string]int {
	holes := make(map[string]int)
	for i, l := range labels {
		if !regexp.MustCompile("^(?:" + l.endpoint + ")").MatchString(endpoint) {
			continue
		}
		for _, m := range regexp.MustCompile(l.place).FindAllStringSubmatch(text, -1) {
			holes[m[1]] = i
		}
	}
	return holes
}

// requestText returns a request as text, with templates within values in their places.
func requestText(v *model.Variant) string {
	var b strings.Builder
	b.WriteString(v.Request.Method + " " + v.Request.Target + "\n")
	for _, h := range v.Request.Headers {
		b.WriteString(h.Name + ": " + h.Value + "\n")
	}
	b.WriteString("\n" + v.Request.Body)
	text := b.String()
	for _, value := range v.Values {
		if value.Kind == model.Template {
			text = strings.ReplaceAll(text, "${"+value.Name+"}", value.Ref)
		}
	}
	return text
}

func allMatch(pattern string, texts []string) bool {
	whole := regexp.MustCompile("^(?:" + pattern + ")$")
	for _, text := range texts {
		if !whole.MatchString(text) {
			return false
		}
	}
	return len(texts) > 0
}

// pocketLabels: the token and the own id come from the login, ids from lists and from
// what was made.
var pocketLabels = []label{
	{`POST /api/collections/users/auth-with-password`, `"identity":"` + hole, `accounts\.user`},
	{`POST /api/collections/users/auth-with-password`, `"password":"` + hole, `accounts\.password`},
	{`.*posts/records`, `Authorization: ` + hole, `POST /api/collections/users/auth-\S+ json:token`},
	{`POST /api/collections/users/auth-refresh`, `Authorization: ` + hole, `POST /api/collections/users/auth-\S+ json:token`},
	{`GET /api/collections/posts/records/`, `GET /api/collections/posts/records/` + hole, `(GET|POST) /api/collections/posts/records json:(items\[\]\.)?id`},
	{`POST /api/collections/posts/records`, `"author":"` + hole, `POST /api/collections/users/auth-\S+ json:record\.id`},
	{`(PATCH|DELETE) /api/collections/posts/records/`, `/api/collections/posts/records/` + hole, `POST /api/collections/posts/records json:id`},
}

// graphqlLabels: both tokens come from the login or the latest renewal, the id that is
// changed from what was read or made.
var graphqlLabels = []label{
	{`POST /graphql/system \[Login\]`, `"email":"` + hole, `accounts\.user`},
	{`POST /graphql/system \[Login\]`, `"password":"` + hole, `accounts\.password`},
	{`POST /graphql/system \[(Me|Logout|Refresh)\]`, `Authorization: Bearer ` + hole, `POST /graphql/system \[(Login|Refresh)\] json:data\.auth_\w+\.access_token`},
	{`POST /graphql \[`, `Authorization: Bearer ` + hole, `POST /graphql/system \[(Login|Refresh)\] json:data\.auth_\w+\.access_token`},
	{`POST /graphql/system \[Logout\]`, `"token":"` + hole, `POST /graphql/system \[(Login|Refresh)\] json:data\.auth_\w+\.refresh_token`},
	{`POST /graphql/system \[Refresh\]`, `"token":"` + hole, `POST /graphql/system \[(Login|Refresh)\] json:data\.auth_\w+\.refresh_token`},
	{`POST /graphql \[Article\]`, `"id":"` + hole, `POST /graphql \[Articles\] json:data\.articles\[\]\.id`},
	{`POST /graphql \[Update\]`, `"id":"` + hole, `POST /graphql \[(Article|Create)\] json:data\.\w+\.id`},
}

// etcdLabels: the token comes from the login, own keys hold the user's name, a key is
// changed at the revision that was read, and held by the lease that was granted.
var etcdLabels = []label{
	{`POST /etcdserverpb\.Auth/Authenticate`, `\b1:"` + hole, `accounts\.user`},
	{`POST /etcdserverpb\.Auth/Authenticate`, `\b2:"` + hole, `accounts\.password`},
	{`POST /etcdserverpb\.(Auth|KV|Lease)/`, `token: ` + hole, `POST /etcdserverpb\.Auth/Authenticate proto:2`},
	{`POST /etcdserverpb\.KV/Range`, `1:"notes/` + hole, `accounts\.user`},
	{`POST /etcdserverpb\.KV/Put`, `1:"notes/` + hole, `accounts\.user`},
	{`POST /etcdserverpb\.KV/Put`, `\b3:` + hole, `POST /etcdserverpb\.Lease/LeaseGrant proto:2`},
	{`POST /etcdserverpb\.KV/DeleteRange`, `1:"notes/` + hole, `accounts\.user`},
	{`POST /etcdserverpb\.KV/Txn`, `"notes/` + hole, `accounts\.user`},
	{`POST /etcdserverpb\.KV/Txn`, `\b6:` + hole, `POST /etcdserverpb\.KV/Range proto:2\.3`},
	{`POST /etcdserverpb\.Lease/LeaseKeepAlive`, `\b1:` + hole, `POST /etcdserverpb\.Lease/LeaseGrant proto:2`},
}
