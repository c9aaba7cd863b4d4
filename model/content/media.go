package content

import (
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// RequestMedia returns the media type of the body of a request, in lower case and
// without parameters. Clients send JSON under the type of a form, curl's for whatever it
// posts; a body of JSON that is an object or a list has the type "application/json" then.
// A form of a browser has no such body, since braces and brackets are escaped there.
func RequestMedia(r *flow.Request) string {
	media, _, _ := strings.Cut(strings.ToLower(r.Headers.Value("Content-Type")), ";")
	media = strings.TrimSpace(media)
	if media == formMedia && IsJSONDocument(r.Body.Data) {
		return jsonMedia
	}
	return media
}

// IsJSON reports whether a media type is one of JSON.
func IsJSON(media string) bool { return media == jsonMedia || strings.HasSuffix(media, "+json") }

// IsJSONDocument reports whether b is an object or a list of JSON.
func IsJSONDocument(b []byte) bool {
	i := space(b, 0)
	return i < len(b) && (b[i] == '{' || b[i] == '[') && validJSON(b)
}
