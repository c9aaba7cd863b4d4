package cmd

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/record/redact"
)

func flowRedactCommand(env environment) *cobra.Command {
	c := copyOptions{title: "redact"}
	var rules, keyFile string
	var addresses bool
	cmd := &cobra.Command{
		Use:   "redact FILE... -o FILE",
		Short: "Copy recordings without their secrets",
		Long: `Copy recordings with pseudonyms in place of what is secret: passwords, tokens,
cookies, e-mail addresses, card numbers, JWTs, in headers, URLs, bodies and
messages, however they are encoded. The same secret becomes the same pseudonym
in all files, so that the users and what they were issued can still be told.
The recordings are read twice: a secret is also replaced where it stood before
anything named it. What the default rules are, and how others are written, is
in record/redact/RULES.md.

Without --redact-key the key is random and gone at the end. With one, the
pseudonyms are those of other recordings with that key.`,
		Example: `  starling flow redact shop.flow.zst -o shared.flow.zst
  starling flow redact --redact rules.txt a.flow.zst b.flow.zst -o c.flow.zst`,
		Args: atLeastOne("the recordings to copy, NAME.flow.zst"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			reading, err := env.reading()
			if err != nil {
				return err
			}
			if err := checkCopy(env, c.output, c.json); err != nil {
				return err
			}
			if rules == "none" {
				return usagef("--redact none leaves every secret; to copy a recording as it is, use starling flow merge")
			}
			o, err := redactOptions(rules, keyFile)
			if err != nil {
				return err
			}
			o.Addresses = addresses
			r, err := redact.New(o)
			if err != nil {
				return err
			}
			informed, err := learnSecrets(cmd.Context(), env, r, reading, paths)
			if err != nil {
				return err
			}
			c.change = func(records iter.Seq2[flow.Record, error]) iter.Seq2[flow.Record, error] {
				return redacted(r, records, informed)
			}
			return c.save(cmd.Context(), env, reading, paths)
		},
	}
	c.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&rules, "redact", "", "`FILE` of rules that are added to the default ones")
	f.StringVar(&keyFile, "redact-key", "", "`FILE` with the key of the pseudonyms; made if it is missing (default: a key that nobody keeps)")
	f.BoolVar(&addresses, "addresses", false, "replace the addresses of clients too, also in X-Forwarded-For and its like")
	return cmd
}

// learnSecrets reads all flows once, so that every secret is known before the
// first one is replaced. It reports whether a recording says how it came about.
func learnSecrets(ctx context.Context, env environment, r *redact.Redactor, o flowfile.ReaderOptions, paths []string) (informed bool, err error) {
	bar := newProgress(env.stderr, "look", 0)
	defer bar.end()
	n := uint64(0)
	for rec, err := range o.Records(paths...) {
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case errors.As(err, new(*flowfile.CorruptError)):
			continue // told when it is read again
		case err != nil:
			return false, err
		}
		switch rec := rec.(type) {
		case *flow.Flow:
			r.Learn(rec)
			if n++; n%progressEvery == 0 {
				bar.update(0, fmt.Sprintf("%s read", english.Plural(int(n), "flow", "")))
			}
		case *flow.Info:
			informed = true
		}
	}
	return informed, nil
}

// redacted replaces the secrets in records, and names the rules in the records that
// say how the flows came about.
func redacted(r *redact.Redactor, records iter.Seq2[flow.Record, error], informed bool) iter.Seq2[flow.Record, error] {
	return func(yield func(flow.Record, error) bool) {
		if !informed && !yield(&flow.Info{Redaction: r.Name()}, nil) {
			return
		}
		for rec, err := range records {
			switch old := rec.(type) {
			case *flow.Flow:
				c := *old
				r.Flow(&c)
				rec = &c
			case *flow.Conn:
				c := *old
				r.Conn(&c)
				rec = &c
			case *flow.Info:
				c := *old
				c.Redaction = r.Name()
				rec = &c
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}
