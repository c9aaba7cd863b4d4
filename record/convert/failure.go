package convert

import "strings"

// The values of flow.Flow.Error that importers set. Recordings have the same.
const (
	NoResponse   = "no response"
	RequestCut   = "request cut"
	ResponseCut  = "response cut"
	ClientClosed = "client closed"
)

// failures gives a stable name to what other programs say in their own words. A part of
// their text, in lower case, selects it. The first match counts.
var failures = []struct{ part, name string }{
	{"err_aborted", ClientClosed},
	{"err_blocked", ClientClosed},
	{"err_canceled", ClientClosed},
	{"ns_binding_aborted", ClientClosed},
	{"client disconnect", ClientClosed},
	{"by client", ClientClosed},
	{"connection_refused", "connect refused"},
	{"connection refused", "connect refused"},
	{"name_not_resolved", "host not found"},
	{"name or service not known", "host not found"},
	{"err_cert", "certificate untrusted"},
	{"certificate verify", "certificate untrusted"},
	{"err_ssl", "tls failed"},
	{"tls", "tls failed"},
	{"disconnected", "host unreachable"},
	{"unreachable", "host unreachable"},
	{"timed_out", "connect timeout"},
	{"timed out", "connect timeout"},
	{"reset", "target reset"},
	{"connection_closed", "target closed"},
	{"server disconnect", "target closed"},
	{"closed", "target closed"},
}

// Failure returns the stable name for an error text of another program, or
// other.
func Failure(text, other string) string {
	text = strings.ToLower(text)
	for _, f := range failures {
		if strings.Contains(text, f.part) {
			return f.name
		}
	}
	return other
}
