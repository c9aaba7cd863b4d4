package cmd

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/starling-load/starling/record/envelope"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

func flowRepairCommand(env environment) *cobra.Command {
	c := copyOptions{title: "repair"}
	cmd := &cobra.Command{
		Use:   "repair FILE -o FILE",
		Short: "Copy what is sound of a damaged recording",
		Long: `Copy what is sound of a recording that is damaged, was cut off, or is still
being written. The copy is a whole recording: every flow and connection that can
be read is in it, and loss records say how many flows are missing where, as far
as that is known. Each damage is told on stderr with its block and offset. Flows
whose body lay in a damaged block keep its size and hash. The recording itself
is not changed.`,
		Example: "  starling flow repair crashed.flow.zst -o shop.flow.zst",
		Args:    oneArg("one recording, NAME.flow.zst"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			o, err := env.reading()
			if err != nil {
				return err
			}
			return c.save(cmd.Context(), env, o, paths)
		},
	}
	c.flags(cmd)
	return cmd
}

// copyOptions are the flags of commands that write a recording from others.
type copyOptions struct {
	title     string
	output    string
	encryptTo []string
	decrypt   bool
	json      bool

	// change is applied to the records before they are written. nil: they are
	// copied as they are.
	change func(iter.Seq2[flow.Record, error]) iter.Seq2[flow.Record, error]
}

func (c *copyOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&c.output, "output", "o", "", "flow `FILE` to write, NAME.flow.zst; - is stdout (required)")
	f.StringArrayVar(&c.encryptTo, "encrypt-to", nil, "encrypt the copy for this age public `KEY`, or file of keys; may be repeated")
	f.BoolVar(&c.decrypt, "decrypt", false, "write the copy of an encrypted recording in the clear")
	jsonFlag(f, &c.json)
}

// save writes all records of the files into the output, and tells what it did.
func (c *copyOptions) save(ctx context.Context, env environment, o flowfile.ReaderOptions, paths []string) error {
	if err := checkCopy(env, c.output, c.json); err != nil {
		return err
	}
	w := flowfile.WriterOptions{MaxBody: flowfile.MaxBody}
	if len(c.encryptTo) > 0 {
		var err error
		if w.Encrypt, err = envelope.To(c.encryptTo...); err != nil {
			return usagef("--encrypt-to: %w", err)
		}
	} else if o.Decrypt != nil && !c.decrypt {
		for _, path := range paths {
			if encrypted(o, path) {
				return usagef("%s is encrypted and the copy would not be; add --encrypt-to KEY, or --decrypt to write it in the clear", path)
			}
		}
	}
	o.ReuseBodies = c.change == nil
	records := o.Records(paths...)
	if c.change != nil {
		records = c.change(records)
	}
	totals, err := saveRecords(ctx, env, c.title, c.output, w, records)
	if err != nil {
		return err
	}
	if c.json {
		return writeJSON(env.stdout, totals)
	}
	env.say("%s: %s", c.output, describeTotals(totals))
	return nil
}

// encrypted reports whether a recording cannot be read without a key.
func encrypted(o flowfile.ReaderOptions, path string) bool {
	o.Decrypt = nil
	for _, err := range o.Flows(path) {
		if !errors.As(err, new(*flowfile.CorruptError)) {
			return errors.Is(err, flowfile.ErrEncrypted)
		}
	}
	return false
}

// errNoOutput says that -o is missing.
var errNoOutput = usagef("name the flow file to write: -o NAME.flow.zst")

// checkOutput returns an error if nothing can be recorded into output.
func checkOutput(output string) error {
	switch output {
	case "":
		return errNoOutput
	case "-":
		return usagef("a recording is made in a file, not on stdout: -o NAME.flow.zst")
	}
	return nil
}

// jsonFlag declares --json of a command that writes a file and tells what is in it.
func jsonFlag(f *pflag.FlagSet, asJSON *bool) {
	f.BoolVar(asJSON, "json", false, "print what was written as JSON, with the keys of starling flow stat --json")
}

// checkCopy returns an error if no copy of a recording can be written to output, beside
// the JSON that tells of it.
func checkCopy(env environment, output string, asJSON bool) error {
	switch {
	case output == "":
		return errNoOutput
	case output == "-" && asJSON:
		return usagef("--json and the copy cannot both go to stdout; name a file: -o NAME.flow.zst")
	case output == "-" && isTerminal(env.stdout):
		return usagef("a recording is not text; redirect stdout to a file or a pipe, or name a file: -o NAME.flow.zst")
	}
	return nil
}

// saveRecords writes records into a new flow file, or to stdout. It tells of
// damage on stderr and goes on. After any other error, and after an interrupt, no
// file is left.
func saveRecords(ctx context.Context, env environment, title, output string, o flowfile.WriterOptions, records iter.Seq2[flow.Record, error]) (flowfile.Totals, error) {
	create := func() (*flowfile.Writer, error) { return flowfile.Create(output, o) }
	remove := func() error { return os.Remove(output) }
	if output == "-" {
		create = func() (*flowfile.Writer, error) { return flowfile.NewWriter("stdout", env.stdout, o) }
		remove = func() error { return nil }
	}
	w, err := create()
	if err != nil {
		return flowfile.Totals{}, err
	}
	bar := newProgress(env.stderr, title, 0)
	err = writeRecords(ctx, env, w, bar, records)
	bar.end()
	if err = errors.Join(err, w.Close()); err != nil {
		return flowfile.Totals{}, errors.Join(err, remove())
	}
	return w.Totals(), nil
}

// progressEvery is the number of records after which progress is told.
const progressEvery = 1 << 10

func writeRecords(ctx context.Context, env environment, w *flowfile.Writer, bar *progress, records iter.Seq2[flow.Record, error]) error {
	n := 0
	for r, err := range records {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.As(err, new(*flowfile.CorruptError)) {
			env.say("warning: %s; going on with the rest", err)
			continue
		}
		if err == nil {
			err = w.Write(r)
		}
		if err != nil {
			return err
		}
		if n++; n%progressEvery == 0 {
			bar.update(0, fmt.Sprintf("%s, %s written", english.Plural(int(w.Totals().Flows), "flow", ""), humanize.IBytes(uint64(w.Size()))))
		}
	}
	return nil
}

// describeTotals says in one line what is in a recording and what is not.
func describeTotals(t flowfile.Totals) string {
	text := fmt.Sprintf("%s on %s, %s", english.Plural(int(t.Flows), "flow", ""), english.Plural(int(t.Connections), "connection", ""), humanize.IBytes(uint64(t.BytesFile)))
	if t.LeftOut > 0 {
		text += fmt.Sprintf("; %s left out", english.Plural(int(t.LeftOut), "flow", ""))
	}
	if t.Loss.Flows > 0 {
		text += fmt.Sprintf("; %s lost", english.Plural(int(t.Loss.Flows), "flow", ""))
	}
	return text
}
