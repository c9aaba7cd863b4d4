package content

import (
	"strings"
	"testing"
)

func TestPartsOfAnAnswerThatTellOfFailures(t *testing.T) {
	const asJSON = "application/json"
	for _, tt := range []struct{ name, media, body, want string }{
		{"all is done", asJSON, `{"results":[{"id":1,"status":200},{"id":2,"status":201}]}`, ""},
		{"one of three is not", asJSON, `{"results":[{"status":200},{"status":409},{"status":200}]}`, "error:$.results[].status"},
		{"half are not", asJSON, `{"results":[{"status":"200 OK"},{"status":"409 Conflict"}]}`, "error:$.results[].status error:half of $.results[].status"},
		{"none is done", asJSON, `[{"statusCode":500}]`, "error:$[].statusCode error:all of $[].statusCode error:half of $[].statusCode"},
		{"a bulk", asJSON, `{"took":3,"items":[{"index":{"_id":"a","status":201}},{"index":{"_id":"b","status":201}},{"index":{"_id":"c","status":429}}]}`, "error:$.items[].index.status"},
		{"answers in an answer", asJSON, `{"responses":[{"id":"1","status":404,"body":{"error":{"code":"x"}}},{"id":"2","status":200},{"id":"3","status":200}]}`, "error:$.responses[].status"},
		{"a status of its own", asJSON, `{"replies":[{"status":{"code":404}},{"status":{"code":0}},{"status":{"code":0}}]}`, "error:$.replies[].status.code"},
		{"by identifier", asJSON, `{"done":{"550e8400-e29b-41d4-a716-446655440000":{"success":true},"550e8400-e29b-41d4-a716-446655440001":{"success":false},"550e8400-e29b-41d4-a716-446655440002":{"success":true}}}`, "error:$.done.{}.success"},
		{"an error beside", asJSON, `{"data":{"rows":[{"id":1,"error":null},{"id":2,"error":"stale"},{"id":3,"error":null}]}}`, "error:$.data.rows[].error"},
		{"errors of the user", asJSON, `{"data":{"save":{"userErrors":[{"field":"title"}]}}}`, "error:$.data.save.userErrors"},
		{"no errors of the user", asJSON, `{"data":{"save":{"userErrors":[]}}}`, ""},
		{"a number of failures", asJSON, `{"created":2,"failed":1}`, "error:$.failed"},
		{"no failures", asJSON, `{"created":2,"failed":0,"failures":[]}`, ""},
		{"words", asJSON, `{"results":[{"status":"saved"},{"status":"conflict"},{"status":"saved"}]}`, "error:$.results[].status"},
		{"states of things", asJSON, `{"orders":[{"status":"rejected"},{"status":"open"}]}`, ""},
		{"numbers that are no status", asJSON, `{"items":[{"code":404,"price":500,"state":"failed","job":{"status":"failed"}}]}`, ""},
		{"a multistatus", "application/xml", `<d:multistatus xmlns:d="DAV:"><d:response><d:href>/a</d:href><d:status>HTTP/1.1 200 OK</d:status></d:response><d:response><d:status>HTTP/1.1 423 Locked</d:status></d:response><d:response><d:status>HTTP/1.1 200 OK</d:status></d:response></d:multistatus>`, "error:multistatus/response/status"},
		{"attributes", "text/xml", `<r><m id="1" status="409"/><m id="2" status="200"/><m id="3" status="200"/></r>`, "error:r/m@status"},
		{"parts", "multipart/mixed", "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}\r\n--b\r\n\r\nHTTP/1.1 412 Precondition Failed\r\n\r\n--b\r\n\r\nHTTP/1.1 200 OK\r\n--b--", "error:parts"},
		{"a page", "text/html", `<p>status 404</p>`, ""},
		{"nothing", "", ``, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(doc(tt.media, tt.body).Failures(), " "); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.body, got, tt.want)
			}
		})
	}
}
