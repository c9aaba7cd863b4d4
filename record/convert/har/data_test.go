package har_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/convert/converttest"
)

// What others counted in HAR files, with Python's json module. posts are
// entries with a postData; of these, noPost have an empty one, which is no body. Five of the fifteen contents that were counted in
// firefox_h2 stand in entries without a status: the browser's cache had them, and
// nothing answered. "unknown" is a version where the header lines tell it.
func TestHARFilesOfBrowsersAndToolsHoldWhatWasCounted(t *testing.T) {
	for _, c := range []struct {
		file                                                           string
		entries                                                        int
		methods                                                        string
		hosts                                                          int
		versions                                                       string
		bodies, posts, noPost, setCookies, noStatus, sockets, messages int
	}{
		{"har-to-k6--full", 8, "GET:4 POST:4", 2, "", 0, 4, 0, 0, 8, 0, 0},
		{"har-to-k6--multipart-formdata", 5, "POST:5", 1, "", 0, 5, 0, 0, 5, 0, 0},
		{"har-to-k6--x-www-form-url-encoded", 3, "POST:3", 1, "", 0, 3, 0, 0, 3, 0, 0},
		{"mitmproxy--charles", 1, "GET:1", 1, "HTTP/1.1", 1, 0, 0, 0, 0, 0, 0},
		{"mitmproxy--chrome", 3, "GET:3", 2, "HTTP/2.0 HTTP/3.0", 2, 0, 0, 0, 1, 0, 0},
		{"mitmproxy--event_stream", 2, "GET:2", 1, "HTTP/2.0", 0, 0, 0, 0, 0, 0, 0},
		{"mitmproxy--firefox", 14, "GET:14", 2, "HTTP/1.1 HTTP/3.0", 9, 0, 0, 0, 0, 0, 0},
		{"mitmproxy--head-content-length", 1, "HEAD:1", 1, "HTTP/2.0", 0, 0, 0, 0, 0, 0, 0},
		{"mitmproxy--insomnia", 1, "GET:1", 1, "HTTP/1.1", 1, 1, 1, 0, 0, 0, 0},
		{"mitmproxy--postdata", 1, "POST:1", 1, "HTTP/2.0", 0, 1, 0, 0, 0, 0, 0},
		{"mitmproxy--websocket", 3, "GET:3", 1, "HTTP/1.1", 0, 0, 0, 0, 0, 3, 5},
		{"mitmproxy--with-bom", 1, "POST:1", 1, "HTTP/2.0", 0, 1, 0, 0, 0, 0, 0},
		{"pagexray--run.sitespeed.io", 10, "GET:10", 2, "HTTP/2.0", 10, 0, 0, 0, 0, 0, 0},
		{"pagexray--www.sitespeed.io-redirecting-to-https", 15, "GET:15", 2, "HTTP/1.1", 0, 0, 0, 0, 0, 0, 0},
		{"perfcascade--browsertime_sitespeed.io", 27, "GET:27", 1, "HTTP/2.0", 0, 0, 0, 0, 0, 0, 0},
		{"perfcascade--capture-har_redirect-loop", 11, "GET:11", 1, "HTTP/1.1", 0, 0, 0, 0, 0, 0, 0},
		{"perfcascade--chrome_github.com_home", 20, "GET:17 OPTIONS:1 POST:2", 5, "HTTP/1.1 HTTP/2.0", 9, 2, 2, 1, 0, 0, 0},
		{"perfcascade--chrome_h2_www.nghttp2.org", 11, "GET:11", 4, "HTTP/2.0", 10, 0, 0, 0, 1, 0, 0},
		{"perfcascade--firefox_h2_filamentgroup.com", 15, "GET:15", 2, "HTTP/2.0", 10, 15, 15, 0, 5, 0, 0},
		{"perfcascade--www.google.co.kr", 10, "GET:10", 5, "HTTP/2.0", 9, 0, 0, 0, 0, 0, 0},
	} {
		t.Run(c.file, func(t *testing.T) {
			data := converttest.Shared(t, "har/"+c.file+".har")
			for _, format := range []string{"har", ""} {
				r := converttest.ReadAll(t, format, data, converttest.Options{})
				methods, hosts, versions := map[string]int{}, map[string]int{}, map[string]int{}
				got := c
				got.bodies, got.posts, got.setCookies, got.noStatus, got.sockets, got.messages = 0, c.noPost, 0, 0, 0, 0
				for _, f := range r.Flows {
					methods[f.Request.Method]++
					hosts[f.Request.Authority]++
					versions[f.Protocol]++
					if len(f.Request.Body.Data) > 0 {
						got.posts++
					}
					if len(f.Messages) > 0 {
						got.sockets++
						got.messages += len(f.Messages)
					}
					if f.Response == nil {
						got.noStatus++
						if f.Error == "" {
							t.Errorf("%s has neither answer nor error", f.URL())
						}
						continue
					}
					if len(f.Response.Body.Data) > 0 {
						got.bodies++
					}
					if f.Response.Headers.Has("Set-Cookie") {
						got.setCookies++
					}
				}
				got.entries, got.hosts, got.methods = len(r.Flows), len(hosts), counts(methods)
				delete(versions, "")
				got.versions = strings.Join(slices.Sorted(maps.Keys(versions)), " ")
				if got != c {
					t.Errorf("format %q:\ngot  %+v\nwant %+v", format, got, c)
				}
				if len(r.Conns) != 1 {
					t.Errorf("one browser became %d clients", len(r.Conns))
				}
			}
		})
	}
}

func counts(m map[string]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, k+":"+strconv.Itoa(m[k]))
	}
	return strings.Join(parts, " ")
}

func TestABrokenHARIsNamed(t *testing.T) {
	r := converttest.Read(t, "har", converttest.Shared(t, "har/mitmproxy--brokenfile.har"), converttest.Options{})
	if r.Err == nil || !strings.Contains(r.Err.Error(), "not a HAR") || len(r.Flows) != 0 {
		t.Errorf("got %d flows and error %v", len(r.Flows), r.Err)
	}
}
