package learn

import (
	"slices"
	"testing"
)

func visiting(names ...string) (r recorded) {
	for i, name := range names {
		r.steps = append(r.steps, step{endpoint: name})
		r.visits = append(r.visits, visit{step: name, first: i, next: i + 1})
	}
	return r
}

func TestATypeIsNamedAfterWhatSetsItApart(t *testing.T) {
	for _, c := range []struct {
		name     string
		sessions []recorded
		groups   [][]int
		want     []string
	}{
		{
			"what people ask for, not what their programs ask",
			[]recorded{visiting("GET /news", "HEAD /feed", "GET /news"), visiting("HEAD /feed", "GET /news", "GET /news"), visiting("GET /shop", "POST /basket", "GET /shop")},
			[][]int{{0, 1}, {2}},
			[]string{"browse-news", "basket"},
		},
		{
			"the order of pages that all visit",
			[]recorded{visiting("GET /a1/search", "GET /offers", "GET /cart"), visiting("GET /offers", "GET /cart", "GET /a1/search", "GET /offers")},
			[][]int{{0}, {1}},
			[]string{"browse-cart", "cart-then-search"},
		},
		{
			"writes before reads",
			[]recorded{visiting("GET /x", "POST /import", "GET /done"), visiting("GET /x", "DELETE /api/notes/{id}", "GET /gone"), visiting("GET /x", "POST /v2/import", "POST /mail", "GET /sent")},
			[][]int{{0}, {1}, {2}},
			[]string{"import", "delete-notes", "mail"},
		},
		{
			"of one type, what some do and not what all do",
			[]recorded{visiting("GET /", "PUT /seen", "POST /orders/new", "GET /orders"), visiting("GET /", "PUT /seen", "POST /orders/new", "GET /thanks"), visiting("GET /", "PUT /seen", "GET /help")},
			[][]int{{0, 1, 2}},
			[]string{"orders-new"},
		},
	} {
		l := &learner{sessions: c.sessions}
		for _, s := range c.sessions {
			for _, x := range s.steps {
				if !slices.Contains(l.endpoints, x.endpoint) {
					l.endpoints = append(l.endpoints, x.endpoint)
				}
			}
		}
		if got := l.typeNames(c.groups); !slices.Equal(got, c.want) {
			t.Errorf("%s: types are named %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNoTwoTypesHaveOneName(t *testing.T) {
	taken := map[string]bool{}
	for i, want := range []string{"edit", "edit-and-browse-page", "edit-2", "edit-3"} {
		got := unused([]string{"edit", "edit", "browse-page"}, taken)
		if taken[got] = true; got != want {
			t.Errorf("name %d is %q, want %q", i+1, got, want)
		}
	}
}

func TestEndpointsInWords(t *testing.T) {
	l := &learner{endpoints: []string{"GET /api/records/{id}", "POST /api/records", "POST /checkout"}}
	for name, want := range map[string]string{
		"GET /":                                                   "browse-home",
		"GET /history/history.html":                               "browse-history",
		"GET /shop/{id}/reviews":                                  "browse-shop-reviews",
		"POST /checkout":                                          "checkout",
		"POST /api/records":                                       "create-records",
		"PATCH /api/records/{id}":                                 "update-records",
		"DELETE /v2/files/8f3a9c7d51":                             "delete-files",
		"POST /wiki.php?do=edit":                                  "wiki-edit",
		"POST /index.php [action=sign_in]":                        "index-sign-in",
		"POST /graphql [UpdateArticle]":                           "graphql-updatearticle",
		"POST /billing.v1.Invoices/Send":                          "invoices-send",
		"GET /calendar?day&view={view}":                           "browse-calendar",
		"POST /diary/Day_{user} [a b]~7f1b":                       "diary-day",
		"GET /a-segment-of-a-path-that-nobody-reads-to-its-end/x": "browse-a-segment-of-a-path",
	} {
		if got := l.stepName(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
