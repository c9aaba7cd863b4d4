package cmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/run"
)

// learner returns what learns from a recording that is to be replayed. The model is
// kept beside the recording, and used again when recording and options are the same.
func (e environment) learner(o accountOptions) func(context.Context, run.Recording) (*model.Model, string, error) {
	return func(ctx context.Context, r run.Recording) (*model.Model, string, error) {
		from, err := e.fingerprint(r, o)
		if err != nil {
			return nil, "", err
		}
		path, keep := learnedPath(r.Path), e.keepsLearned(r.Path)
		if keep {
			if m, err := folder.Read(path); err == nil && m.Recorded.From == from {
				e.say("plays %s, learned earlier from the same recording", path)
				return m, path, nil
			}
		}
		kept := &folder.Kept{}
		if keep {
			if kept, err = folder.ReadKept(path); err != nil {
				return nil, "", err
			}
		}
		m, err := e.learnFirst(ctx, r, o, kept.Refused())
		if err != nil {
			return nil, "", fmt.Errorf("%w; --verbatim sends the recording as it is", err)
		}
		m.Recorded.From = from
		learned := "learned " + english.Plural(m.Recorded.Sessions, "session", "") + " of " + english.Plural(m.Recorded.Users, "user", "")
		if !keep {
			e.say("%s", learned)
			return m, r.Path, nil
		}
		unfit, err := keepModel(path, m, kept, true)
		if err != nil && kept.Any() {
			return nil, "", err // without it what people changed would not be obeyed
		}
		if err != nil {
			e.say("%s; not kept: %s", learned, err)
			return m, path, nil
		}
		e.say("%s; kept in %s", learned, path)
		e.sayUnfit(unfit)
		if kept.Any() {
			m, err = folder.Read(path)
		}
		return m, path, err
	}
}

// learnFirst learns from the flows of a recording whose requests are sent somewhere.
// refused are the bindings that a person takes for coincidences.
func (e environment) learnFirst(ctx context.Context, r run.Recording, o accountOptions, refused []string) (*model.Model, error) {
	foreign, conns, counted := map[string]int{}, &session.Conns{}, false
	flows := readable(e, conns, r.Path)
	var of iter.Seq2[*flow.Flow, error] = func(yield func(*flow.Flow, error) bool) {
		count := !counted
		counted = true
		for f, err := range flows {
			if err == nil {
				err = ctx.Err()
			}
			if err == nil {
				if _, sent := r.OriginOf(f); !sent {
					if count {
						foreign[f.Request.Authority]++
					}
					continue
				}
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
	var m *model.Model
	err := leave(ctx, func() (err error) {
		m, _, err = o.learn(ctx, e, []string{r.Path}, of, session.Options{Every: true, Conns: conns}, learn.Options{
			Split: session.Report{Foreign: foreign}, Unanswered: true, Refuse: refused, Origin: func(f *flow.Flow) string { further, _ := r.OriginOf(f); return further },
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(o.data) == 0 && r.Redacted {
		e.say("note: passwords and tokens of %s are pseudonyms, which the target will refuse; "+
			"give the accounts with --data and the key with --redact-key", r.Path)
	}
	return m, nil
}

// learnedPath is where the model of a recording is kept: shop.learned.model beside
// shop.flow.zst.
func learnedPath(recording string) string {
	return strings.TrimSuffix(recording, ".flow.zst") + ".learned.model"
}

// keepsLearned reports whether the model of a recording may be kept on disk: it may not
// if the recording is encrypted, or is no file.
func (e environment) keepsLearned(recording string) bool {
	return recording != "-" && *e.identity == ""
}

// fingerprint names a recording, and everything else that its model depends on.
func (e environment) fingerprint(r run.Recording, o accountOptions) (string, error) {
	reading, err := e.reading()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%d\n%q\n%q\n", version(), model.Version, o.data, o.redactKey)
	for _, origin := range r.Origins {
		fmt.Fprintf(h, "%s\n", origin.Recorded)
	}
	files := []string{o.redactKey}
	for _, spec := range o.data {
		_, file := dataFile(spec)
		files = append(files, file)
	}
	for _, file := range slices.DeleteFunc(files, func(f string) bool { return f == "" }) {
		if err := hashFile(h, file); err != nil {
			return "", err
		}
	}
	f, err := reading.Open(r.Path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	_, err = io.Copy(h, io.NewSectionReader(f, 0, info.Size()))
	return hex.EncodeToString(h.Sum(nil)[:16]), err
}

func hashFile(h hash.Hash, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(h, f)
	return err
}
