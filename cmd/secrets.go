package cmd

import (
	"errors"
	"fmt"

	"github.com/dustin/go-humanize/english"

	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/record/redact"
)

// maxFindings is the number of secrets of a file that are told one by one.
const maxFindings = 50

// A finding is where a secret stands.
type finding struct {
	Flow  uint64 `json:"flow"`
	Place string `json:"place"`
	Kind  string `json:"kind"`
}

// look looks for secrets in the file. What they are is kept nowhere.
func (v *verified) look(env environment, o flowfile.ReaderOptions, scanner *redact.Scanner) error {
	found, before := 0, scanner.Unread
	v.Secrets = &found
	defer func() { v.Unread = scanner.Unread - before }()
	for f, err := range o.Flows(v.File) {
		if errors.As(err, new(*flowfile.CorruptError)) {
			env.say("warning: %s; going on with the rest", err)
			continue
		}
		if err != nil {
			return err
		}
		scanner.Scan(f, func(s redact.Finding) {
			if found++; found <= maxFindings {
				v.Findings = append(v.Findings, finding{s.Flow, s.Place, fmt.Sprint(s.Kind)})
			}
		})
	}
	return nil
}

// printSecrets says where the secrets are.
func (v *verified) printSecrets(env environment) {
	for _, s := range v.Findings {
		fmt.Fprintf(env.stdout, "%s: flow %d: %s in %s\n", v.File, s.Flow, s.Kind, s.Place)
	}
	switch n := *v.Secrets; {
	case n > maxFindings:
		fmt.Fprintf(env.stdout, "%s: %d secrets, of which %d are listed; replace them with starling flow redact\n", v.File, n, maxFindings)
	case n > 0:
		fmt.Fprintf(env.stdout, "%s: %s; replace with starling flow redact\n", v.File, english.Plural(n, "secret", ""))
	default:
		fmt.Fprintf(env.stdout, "%s: no secrets found\n", v.File)
	}
	if v.Unread > 0 {
		fmt.Fprintf(env.stdout, "%s: %s could not be searched: unknown codings, or more than 8 MiB; starling flow redact keeps them out\n", v.File, english.Plural(v.Unread, "body", "bodies"))
	}
}
