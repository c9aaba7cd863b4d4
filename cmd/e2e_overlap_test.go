//go:build e2e

package cmd_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/fixtures/apps"
	"github.com/starling-load/starling/fixtures/cases"
)

// TestWhatOverlappedOverlaps records a browser, replays the recording as it was
// against the same server, and compares what the server saw of both.
func TestWhatOverlappedOverlaps(t *testing.T) {
	s := buildStarling(t)
	t.Run("a page with 30 resources over six connections", func(t *testing.T) {
		site := func(*testing.T) http.Handler { return cases.Page(30, 20*time.Millisecond) }
		recorded := overlapStory(t, s, site, "/page/a", "/page/b", "/page/c")
		for _, load := range recorded {
			if len(load.Targets) != 31 || load.Peak != 6 {
				t.Errorf("the browser loaded %s with %d requests, %d at once; want 31, 6 at once", load.Page, len(load.Targets), load.Peak)
			}
		}
	})
	t.Run("pages of DokuWiki", func(t *testing.T) {
		overlapStory(t, s, wikiSite, "/doku.php?id=start", "/doku.php?id=alpha", "/doku.php?id=beta", "/doku.php?id=gamma")
	})
}

// wikiDelay is how far away the wiki is. It outweighs what PHP takes, which
// depends on what else the machine does.
const wikiDelay = 50 * time.Millisecond

// wikiSite is a fresh wiki behind a proxy that a meter can stand before. What the
// wiki makes once, its styles and scripts, it has made.
func wikiSite(t *testing.T) http.Handler {
	wiki := apps.DokuWiki(t, apps.Options{})
	target, err := url.Parse(wiki.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/doku.php?id=start", "/lib/exe/css.php?t=dokuwiki", "/lib/exe/js.php?t=dokuwiki", "/lib/exe/jquery.php"} {
		response, err := http.Get(wiki.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(wikiDelay)
		proxy.ServeHTTP(w, r)
	})
}

// overlapStory records a browser that opens pages of a site, replays the
// recording and a model that was learned from it, each against a fresh site, and
// returns the page loads of the recording.
func overlapStory(t *testing.T, s *starling, site func(*testing.T) http.Handler, pages ...string) []cases.Load {
	browser := apps.NewBrowser(t)
	was := cases.NewMeter(site(t))
	server := httptest.NewServer(was)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "pages.flow.zst")
	rec := s.record(t, "--upstream", server.URL, "--keep-host", "-o", file)
	var urls []string
	for _, page := range pages {
		urls = append(urls, rec.url+page)
	}
	if err := browser.Open(t.Context(), 300*time.Millisecond, urls...); err != nil {
		t.Fatal(err)
	}
	rec.stop(t)
	loads := was.Loads()

	t.Run("verbatim", func(t *testing.T) {
		compareLoads(t, loads, played(t, s, site, file, "--verbatim"))
	})
	t.Run("by a model", func(t *testing.T) {
		name := strings.TrimSuffix(file, ".flow.zst") + ".model"
		s.run(t, 0, "model", "learn", file, "-o", name)
		// What the fresh site issues, and the time, stand in queries.
		compareLoads(t, pathsOf(loads), pathsOf(played(t, s, site, name, "--users", "1", "--sessions", "1")))
	})
	return loads
}

// played replays a recording or a model with one session against a fresh site
// and returns the page loads. The run must claim what the site has seen.
func played(t *testing.T, s *starling, site func(*testing.T) http.Handler, source string, flags ...string) []cases.Load {
	t.Helper()
	is := cases.NewMeter(site(t))
	server := httptest.NewServer(is)
	defer server.Close()
	run := filepath.Join(t.TempDir(), "pages.run.zst")
	s.run(t, 0, append([]string{"replay", source, "--target", server.URL, "-o", run, "--json"}, flags...)...)
	r := new(report)
	s.json(t, r, "report", run, "--json")
	loads := is.Loads()
	if got := requestsOf(loads); r.Requests != got || r.OK != got {
		t.Errorf("the run claims %d requests, %d ok; the server answered %d", r.Requests, r.OK, got)
	}
	if r.Sessions != 1 || r.SessionMatch != 1 || r.Skipped != 0 {
		t.Errorf("%d sessions, session match %v, %d requests not made; want that of the one browser, 1, 0: %+v", r.Sessions, r.SessionMatch, r.Skipped, r.Errors)
	}
	return loads
}

// compareLoads checks that a replay loaded each page as it was recorded: the same
// requests, as many at once (one more or less is chance), and no answer worse.
// The times are reported; they decide only when they have nothing in common.
func compareLoads(t *testing.T, recorded, replayed []cases.Load) {
	t.Helper()
	if len(recorded) == 0 || len(replayed) != len(recorded) {
		t.Fatalf("%d page loads recorded, %d replayed; want the same, above 0", len(recorded), len(replayed))
	}
	for i, was := range recorded {
		is := replayed[i]
		ratio := is.Duration.Seconds() / was.Duration.Seconds()
		t.Logf("%-24s %2d requests; at once %d recorded, %d replayed; page time %v recorded, %v replayed, ratio %.2f",
			was.Page, len(was.Targets), was.Peak, is.Peak, was.Duration.Round(time.Millisecond), is.Duration.Round(time.Millisecond), ratio)
		if diff := cmp.Diff(sorted(was.Targets), sorted(is.Targets)); diff != "" {
			t.Errorf("requests of %s, recorded (-) and replayed (+):\n%s", was.Page, diff)
		}
		if d := is.Peak - was.Peak; d < -1 || d > 1 {
			t.Errorf("%s: %d requests at once, recorded %d; want at most one more or less", was.Page, is.Peak, was.Peak)
		}
		if is.Failed != was.Failed {
			t.Errorf("%s: %d answers with an error, recorded %d", was.Page, is.Failed, was.Failed)
		}
		if ratio > 3 || ratio < 1.0/3 {
			t.Errorf("%s: page time is %.2f times the recorded one", was.Page, ratio)
		}
	}
}

// pathsOf returns the loads with the targets cut to their paths.
func pathsOf(loads []cases.Load) []cases.Load {
	loads = slices.Clone(loads)
	for i := range loads {
		loads[i].Targets = slices.Clone(loads[i].Targets)
		for k, target := range loads[i].Targets {
			loads[i].Targets[k], _, _ = strings.Cut(target, "?")
		}
	}
	return loads
}

func requestsOf(loads []cases.Load) int {
	n := 0
	for _, load := range loads {
		n += len(load.Targets)
	}
	return n
}

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return names
}
