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

// verifySecrets looks for secrets in recordings. It prints where they are, and
// never the secrets themselves. It returns how many there are.
func verifySecrets(env environment, paths []string) (found int, err error) {
	o, err := env.reading()
	if err != nil {
		return 0, err
	}
	scanner := redact.Scanner{Decode: decodeContent}
	for _, path := range paths {
		inFile := 0
		for f, err := range o.Flows(path) {
			if errors.As(err, new(*flowfile.CorruptError)) {
				env.say("warning: %s; going on with the rest", err)
				continue
			}
			if err != nil {
				return found, err
			}
			scanner.Scan(f, func(s redact.Finding) {
				if inFile++; inFile <= maxFindings {
					fmt.Fprintf(env.stdout, "%s: flow %d: %s in %s\n", path, s.Flow, s.Kind, s.Place)
				}
			})
		}
		switch {
		case inFile > maxFindings:
			fmt.Fprintf(env.stdout, "%s: %d secrets, of which %d are listed; replace them with starling flow redact\n", path, inFile, maxFindings)
		case inFile > 0:
			fmt.Fprintf(env.stdout, "%s: %s; replace with starling flow redact\n", path, english.Plural(inFile, "secret", ""))
		default:
			fmt.Fprintf(env.stdout, "%s: no secrets found\n", path)
		}
		found += inFile
	}
	return found, nil
}
