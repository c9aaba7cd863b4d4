package cmd

import (
	"fmt"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/record/redact"
)

func flowVerifyCommand(env environment) *cobra.Command {
	var secrets, asJSON bool
	cmd := &cobra.Command{
		Use:   "verify FILE...",
		Short: "Read a recording whole and name every damage with its place",
		Long: `Read a recording whole, check every block of it, and name every damage with its
place. Exit code 0 means that it is sound, 1 that it is not. With --secrets it
also looks for passwords, tokens, e-mail addresses and the like that are no
pseudonyms, and says where they are, never what; the exit code is then 1 too.

--json prints an object per file: file, sound, damages, the keys of "starling flow
stat --json", and with --secrets their number as secrets and the first of them as
findings {flow, place, kind}.`,
		Example: "  starling flow verify shop.flow.zst\n  starling flow verify --secrets shared.flow.zst",
		Args:    atLeastOne("one or more recordings, NAME.flow.zst"),
		RunE: leaving(func(paths []string) error {
			o, err := env.reading()
			if err != nil {
				return err
			}
			damaged, found := false, 0
			var reports []*verified
			for _, path := range paths {
				v, err := verify(env, o, path)
				if err != nil {
					return err
				}
				damaged = damaged || !v.Sound
				if reports = append(reports, v); !asJSON {
					v.print(env)
				}
			}
			if secrets {
				scanner := redact.Scanner{Decode: decodeContent}
				for _, v := range reports {
					if err := v.look(env, o, &scanner); err != nil {
						return err
					}
					if found += *v.Secrets; !asJSON {
						v.printSecrets(env)
					}
				}
			}
			for _, v := range reports {
				if !asJSON {
					break
				}
				if err := writeJSON(env.stdout, v); err != nil {
					return err
				}
			}
			if damaged {
				return verdictError{exitFailed, "damaged"}
			}
			if found > 0 {
				return verdictError{exitFailed, "secrets"}
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&secrets, "secrets", false, "also look for secrets that are still there")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per file")
	return cmd
}

// verified is what the check of a file found.
type verified struct {
	File    string   `json:"file"`
	Sound   bool     `json:"sound"`
	Damages []string `json:"damages"`
	flowfile.Totals
	Secrets  *int      `json:"secrets,omitempty"`
	Findings []finding `json:"findings,omitempty"`   // at most maxFindings
	Unread   int       `json:"unsearched,omitempty"` // bodies in which nobody could look for secrets
}

// verify reads a recording whole. Damage is told on stderr, too.
func verify(env environment, o flowfile.ReaderOptions, path string) (*verified, error) {
	v := &verified{File: path, Sound: true, Damages: []string{}}
	var err error
	v.Totals, err = o.Verify(path, func(damage error) {
		v.Sound = false
		v.Damages = append(v.Damages, damage.Error())
		env.say("starling: %s", damage)
	})
	return v, err
}

// print says whether the file is sound.
func (v *verified) print(env environment) {
	word := "sound"
	if !v.Sound {
		word = "damaged"
	}
	fmt.Fprintf(env.stdout, "%s: %s, %s readable\n", v.File, word, english.Plural(int(v.Flows), "flow", ""))
}
