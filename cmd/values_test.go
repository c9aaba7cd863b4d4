package cmd

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Numbers, sizes and times that make no sense are refused, by every flag of every command.
func TestNoFlagTakesANumberThatMakesNoSense(t *testing.T) {
	nonsense := map[string][]string{
		"positive": {"0", "-1", "NaN", "1.5", "1e3", "99999999999", ""},
		"bytes":    {"0", "-1", "NaN", "9999999999GB", ""},
		"span":     {"0", "0s", "-1s", "NaN", "30", "9000h", "9999999h", ""},
		"uint64":   {"-1", "NaN", "1.5", "99999999999999999999", ""},
	}
	// The commands look at these themselves, as usage.txtar shows.
	looked := []string{"starling model fidelity --require", "starling demo shop --latency"}
	seen := map[string]int{}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			name, kind := cmd.CommandPath()+" --"+f.Name, f.Value.Type()
			seen[kind]++
			for _, value := range nonsense[kind] {
				if err := f.Value.Set(value); err == nil {
					t.Errorf("%s takes %q", name, value)
				}
			}
			if (strings.HasPrefix(kind, "int") || strings.HasPrefix(kind, "float") || kind == "duration" || kind == "count") && !slices.Contains(looked, name) {
				t.Errorf("%s takes any %s; make it a positive or a span", name, kind)
			}
		})
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(environment{}))
	for kind := range nonsense {
		if seen[kind] == 0 {
			t.Errorf("no flag is of the type %s", kind)
		}
	}
}
