package cmd

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/diff"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/model/show"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/redact"
	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/rehearse"
	"github.com/starling-load/starling/replay/run"
)

func modelCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "model",
		Short: "Learn users from recordings, and look at what was learned",
	}
	cmd.AddCommand(modelLearnCommand(env), modelShowCommand(env), modelCheckCommand(env), modelDiffCommand(env), modelFidelityCommand(env))
	return cmd
}

// learnOptions are the flags of model learn.
type learnOptions struct {
	accountOptions
	output    string
	onto      string
	hosts     []string
	overwrite bool
	json      bool
}

// accountOptions say what the users of a recording brought along.
type accountOptions struct {
	data      []string // CSV files, each perhaps with a name
	redactKey string   // file of the key by which their values became pseudonyms
}

func modelLearnCommand(env environment) *cobra.Command {
	var o learnOptions
	cmd := &cobra.Command{
		Use:   "learn FLOW... -o NAME.model",
		Short: "Learn users from recordings",
		Long: `Learn a model from one or more recordings: the types of users, what they request,
how long they think, and which values they send back that the service had issued
(session tokens, CSRF tokens, ids). Values that must change and have no known
source are named. Requests to several hosts become several
origins; the one with the most flows is the main one, which replay --target stands
for, and replay --map says where the others are now. Hosts that the target answers
for as well are named with --host.

With --data, values that users bring along (accounts) are taken from a CSV file
with a header line. It must hold the recorded accounts, and may hold more. In a replay
the first session that plays a recorded one has its account, and further ones have
accounts that no recorded user had; with --users, each user has one account. A
column that tells kinds of accounts, such as a role, keeps them apart, if the
recording shows that it matters; the report says so.

In a recording, passwords and the like are pseudonyms. --redact-key names the key
that they were made with. With it the rows of the CSV file are found behind the
pseudonyms, and the model sends what the file says.

A model folder that is replaced, --overwrite, hands on its edits and overrides: what
people changed in it stays. --onto OLD.model takes them over from another model, and
replaces that one if no other folder is named. Types of users and endpoints then keep
the names that they had in it. What does not fit any more is named, and waits in the
new model. "starling model diff" says what users do differently since then.

In the end the model is played dry, against the recorded answers, and the report
says what would not be sent as it was recorded.

For each value that the service issues the report says how often it was used, how often it was
then equal to what the service had issued in the same session (match), and in
another session (shuffled), and why it is bound. A value that is bound because each
session has its own has a match near 1 and a shuffled near 0. What forms, documents,
links and lists say holds also where everybody sees the same.`,
		Example: `  starling model learn shop.flow.zst -o shop.model
  starling model learn shop.flow.zst --data accounts.csv --redact-key key.txt -o shop.model`,
		Args: atLeastOne("one or more recordings, NAME.flow.zst"),
		RunE: func(cmd *cobra.Command, paths []string) error { return learnModel(cmd.Context(), env, paths, o) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "model `FOLDER` to write, NAME.model (required)")
	f.StringArrayVar(&o.data, "data", nil, "CSV `FILE` of values that users bring along, as accounts.csv or accounts=FILE.csv; may be repeated")
	f.StringArrayVar(&o.hosts, "host", nil, "`HOST` that the target answers for, with or without port; others are left out; may be repeated (default: learn from all, each an origin of its own)")
	f.StringVar(&o.redactKey, "redact-key", "", "`FILE` with the key of the pseudonyms, from record --redact-key; goes with --data")
	f.StringVar(&o.onto, "onto", "", "model `FOLDER` whose edits and overrides the new model takes over; without -o it is replaced")
	f.BoolVar(&o.overwrite, "overwrite", false, "replace the model folder if it exists; its edits and overrides stay")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	return cmd
}

func learnModel(ctx context.Context, env environment, paths []string, o learnOptions) error {
	if err := o.complete(); err != nil {
		return err
	}
	if _, err := os.Lstat(o.output); err == nil && !o.overwrite {
		return modelExists(o.output)
	}
	conns := &session.Conns{}
	recording := readable(env, conns, paths...)
	var options learn.Options
	if len(o.hosts) == 0 {
		var all origins
		recording, options.Origin = all.watch(recording), all.further
	}
	kept, err := folder.ReadKept(cmp.Or(o.onto, o.output))
	if err != nil {
		return err
	}
	var flows [][]*flow.Flow
	options.Refuse = kept.Refused()
	played := 0
	options.Keep = func(f []*flow.Flow) {
		if flows = append(flows, f); f != nil {
			played++
		}
	}
	var m *model.Model
	var report *learn.Report
	var dry *faithful.Verdict
	err = leave(ctx, func() error {
		var err error
		if m, report, err = o.learn(ctx, env, paths, recording, session.Options{Hosts: o.hosts, Every: len(o.hosts) == 0, Conns: conns}, options); err != nil {
			return err
		}
		dry, err = rehearse.Play(m, func(session int) []*flow.Flow { return flows[session] })
		return err
	})
	if err != nil {
		return err
	}
	unfit, err := keepModel(o.output, m, kept, o.overwrite)
	if errors.Is(err, fs.ErrExist) && !o.overwrite {
		return modelExists(o.output)
	} else if err != nil {
		return err
	}
	if o.json {
		return writeJSON(env.stdout, struct {
			*learn.Report
			Faithful *faithful.Verdict `json:"faithful"`
			Unfit    []string          `json:"unfit"`
		}{report, dry, append([]string{}, unfit...)})
	}
	env.sayUnfit(unfit)
	if err := report.Text(env.stdout); err != nil || dry == nil {
		return err
	}
	return printDry(env, dry, played, len(flows))
}

// sayUnfit names what people wrote in a model that does not fit what was learned anew.
func (e environment) sayUnfit(unfit []string) {
	for _, line := range unfit {
		e.say("does not fit what was learned, and waits under \"unfit\": %s", line)
	}
}

// printDry prints what a rehearsal of some of all sessions showed.
func printDry(env environment, v *faithful.Verdict, some, all int) error {
	of := ""
	if played := min(some, rehearse.Most); played < all {
		of = fmt.Sprintf(" of %d of %d sessions", played, all)
	}
	text := fmt.Sprintf("\ndry run%s against the recorded answers: %s; %.2f of %.2f steps and %.2f of %.2f writes a session\n",
		of, v.Verdict, v.Steps.Replayed, v.Steps.Recorded, v.Writes.Replayed, v.Writes.Recorded)
	for _, reason := range v.Reasons {
		text += "  · " + reason + "\n"
	}
	_, err := io.WriteString(env.stdout, text)
	return err
}

// learn learns from the flows of recordings. The data files of o become those of the
// model.
func (o *accountOptions) learn(ctx context.Context, env environment, paths []string, recording iter.Seq2[*flow.Flow, error], users session.Options, options learn.Options) (*model.Model, *learn.Report, error) {
	if o.redactKey != "" && len(o.data) == 0 {
		return nil, nil, usagef("--redact-key goes with --data: it finds the rows of that file in the recording")
	}
	var sources []model.Source
	for _, spec := range o.data {
		src, err := run.ReadData(dataFile(spec))
		if err != nil {
			return nil, nil, err
		}
		sources = append(sources, src)
	}
	var err error
	if options.Data, options.Alias, err = asRecorded(sources, o.redactKey, recording); err != nil {
		return nil, nil, err
	}
	options.Supplied, options.Pseudonym = sources, redact.IsPseudonym
	bar := newProgress(env.stderr, "learn", 0)
	defer bar.end()
	options.Progress = func(reading string, n, of int) {
		if ctx.Err() == nil {
			bar.update(0, reading+": "+flowsRead(n, of))
		}
	}
	var broken error
	m, report, err := learn.Read(func(yield func(*flow.Flow, error) bool) {
		for f, err := range recording {
			if broken = err; !yield(f, err) {
				return
			}
		}
	}, users, options)
	switch {
	case broken != nil:
		return nil, nil, err
	case err != nil:
		return nil, nil, fmt.Errorf("learn from %s: %w", strings.Join(paths, ", "), err)
	}
	m.Recorded.Servers = otherServers(m.Origins, users.Conns.Servers())
	return m, report, nil
}

// otherServers are the servers, as host:port, that no origin names. Those of this machine
// are not among them.
func otherServers(origins []model.Origin, servers []string) []string {
	return slices.DeleteFunc(servers, func(server string) bool {
		host, _, err := net.SplitHostPort(server)
		return err != nil || isLoopback(host) || slices.ContainsFunc(origins, func(o model.Origin) bool {
			u, err := url.Parse(o.URL)
			return err == nil && strings.EqualFold(u.Hostname(), host)
		})
	})
}

// complete fills what --onto says of the model to write.
func (o *learnOptions) complete() error {
	if o.onto != "" {
		if info, err := os.Stat(o.onto); err != nil || !info.IsDir() {
			return usagef("--onto %s: there is no such model folder", o.onto)
		}
		if o.output == "" || filepath.Clean(o.output) == filepath.Clean(o.onto) {
			o.output, o.overwrite = o.onto, true
		}
	}
	if o.output == "" {
		return usagef("name the model folder to write: -o NAME.model")
	}
	return nil
}

// keepModel writes a model folder with what people wrote in an old one, which may be the
// same folder, or not there. With overwrite it replaces a folder that is there. It returns
// what people wrote that does not fit the new model.
func keepModel(path string, m *model.Model, kept *folder.Kept, overwrite bool) (unfit []string, err error) {
	if kept.Any() && kept.Learned() != nil {
		diff.Rename(kept.Learned(), m)
	}
	if unfit, err = kept.Onto(m); err != nil {
		return nil, err
	}
	if overwrite {
		return unfit, folder.Write(path, m, folder.Overwrite)
	}
	return unfit, folder.Write(path, m)
}

// longSecret is the least length in bytes at which a pseudonym is no other's value.
const longSecret = 8

// flowsRead says how many flows were read. of is 0 if it is not known how many there are.
func flowsRead(n, of int) string {
	if of == 0 {
		return humanize.Comma(int64(n)) + " flows"
	}
	return humanize.Comma(int64(n)) + " of " + humanize.Comma(int64(of)) + " flows"
}

// sent marks those values that requests carry, and returns the users of Basic credentials
// (RFC 7617) by their passwords.
func sent(values map[string]bool, recording iter.Seq2[*flow.Flow, error]) (basic map[string][]string, err error) {
	basic = map[string][]string{}
	for f, err := range recording {
		if err != nil {
			return nil, err
		}
		for _, leaf := range content.RequestLeaves(&f.Request) {
			if _, asked := values[leaf.Value]; asked {
				values[leaf.Value] = true
			}
		}
		r := http.Request{Header: http.Header{"Authorization": {f.Request.Headers.Value("Authorization")}}}
		if user, password, ok := r.BasicAuth(); ok && !slices.Contains(basic[password], user) {
			basic[password] = append(basic[password], user)
		}
	}
	return basic, nil
}

// asRecorded returns data files with the values as they stand in a recording
// that was redacted with the key in a file; "" is a recording of what was sent.
// Whether a value is a secret depends on the name under which it was sent, which may be
// another than that of the column. So what the recording shows decides.
//
// A value may be known as a secret only after it was sent: a user name that a token holds.
// Then it stands both ways in the recording. aliases gives the value of such a pseudonym,
// and Basic credentials as the row has them: together a user and a password are sure, however
// short each of them is.
func asRecorded(sources []model.Source, keyFile string, recording iter.Seq2[*flow.Flow, error]) (recorded []model.Source, aliases map[string]string, err error) {
	if keyFile == "" {
		return sources, nil, nil
	}
	if _, err := os.Stat(keyFile); err != nil {
		return nil, nil, fmt.Errorf("read the redaction key: %w; name the file of record --redact-key", err)
	}
	redactor, err := newRedactor("", keyFile)
	if err != nil {
		return nil, nil, err
	}
	secrets, err := newRedactor("", keyFile) // one that has seen a secret knows it under any name
	if err != nil {
		return nil, nil, err
	}
	wasSent := map[string]bool{}
	for _, src := range sources {
		for _, row := range src.Rows {
			for _, v := range row {
				if len(v) >= longSecret {
					wasSent[v], wasSent[secrets.Value("password", v)] = false, false
				}
			}
		}
	}
	basic, err := sent(wasSent, recording)
	if err != nil {
		return nil, nil, err
	}
	recorded, aliases = make([]model.Source, len(sources)), map[string]string{}
	for i, src := range sources {
		recorded[i] = model.Source{Name: src.Name, Columns: src.Columns}
		for _, row := range src.Rows {
			values := make([]string, len(row))
			for c, v := range row {
				values[c] = redactor.Value(src.Columns[c], v)
				secret := secrets.Value("password", v)
				switch {
				case values[c] != v || len(v) < longSecret || !wasSent[secret]:
				case wasSent[v]:
					aliases[secret] = v
				default:
					values[c] = secret
				}
			}
			recorded[i].Rows = append(recorded[i].Rows, values)
			for c, v := range row {
				for _, said := range basic[secrets.Value("password", v)] {
					if u := slices.IndexFunc(row, func(name string) bool { return secrets.Value("password", name) == said }); u >= 0 {
						stood, stands := said+":"+secrets.Value("password", v), values[u]+":"+values[c]
						aliases[stood] = stands // within the credentials
						aliases[base64.StdEncoding.EncodeToString([]byte(stood))] = base64.StdEncoding.EncodeToString([]byte(stands))
					}
				}
			}
		}
	}
	return recorded, aliases, nil
}

func modelExists(path string) error {
	return fmt.Errorf("write model %s: %w; choose another name or add --overwrite", path, fs.ErrExist)
}

func modelShowCommand(env environment) *cobra.Command {
	var asJSON, asDot, assets bool
	cmd := &cobra.Command{
		Use:   "show NAME.model",
		Short: "Show a model: user types, what they do, what the service issues",
		Long: `Show a model: the types of users and their shares, where each goes from each
endpoint, with what odds and after what think time (~ is the median of several),
the endpoints, and the values that the service issues and users send back.`,
		Example: "  starling model show shop.model\n  starling model show --dot shop.model | dot -Tsvg > shop.svg",
		Args:    oneArg("the model folder"),
		RunE: leaving(func(args []string) error {
			m, err := folder.Read(args[0])
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				_, err = env.stdout.Write(folder.JSON(m))
				return err
			case asDot:
				return show.Dot(env.stdout, m)
			}
			return show.Text(env.stdout, m, assets)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the model as JSON")
	cmd.Flags().BoolVar(&assets, "assets", false, "show each part of pages (styles, scripts, images, fonts) on a line of its own")
	cmd.Flags().BoolVar(&asDot, "dot", false, "print the graphs of the behaviors for Graphviz")
	return cmd
}
