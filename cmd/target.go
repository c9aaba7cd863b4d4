package cmd

import "strings"

// withoutCredentials is one or more server URLs, with commas between, fit to be
// shown: an ellipsis stands for a user name, password or token.
func withoutCredentials(servers string) string {
	list := strings.Split(servers, ",")
	for i, server := range list {
		scheme, rest, ok := strings.Cut(server, "://")
		if !ok {
			scheme, rest = "nats", server
		}
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			list[i] = scheme + "://…" + rest[at:]
		}
	}
	return strings.Join(list, ",")
}
