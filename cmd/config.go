package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const configFile = "starling.yaml"

// configure fills the flags of cmd that the command line left alone, from the
// environment and from starling.yaml, in this order.
func configure(cmd *cobra.Command, e environment) error {
	k := koanf.New(".")
	path, _ := cmd.Flags().GetString("config")
	asked := path != ""
	if !asked {
		path = configFile
	}
	var unread *fs.PathError
	switch err := k.Load(file.Provider(path), yaml.Parser()); {
	case err == nil, !asked && errors.Is(err, fs.ErrNotExist):
	case errors.As(err, &unread):
		return fmt.Errorf("read %s: %w", path, err)
	default:
		return usagef("read %s: %w; mend that line", path, err)
	}
	if err := unknownKeys(cmd.Root(), k.Keys(), path); err != nil {
		return err
	}
	names := make(map[string]string) // environment variable → key
	visitFlags(cmd, func(key string, _ *pflag.Flag) { names[environmentName(key)] = key })
	err := k.Load(env.Provider(".", env.Opt{
		Prefix: "STARLING_",
		EnvironFunc: func() []string {
			var set []string
			for name := range names {
				if v := e.getenv(name); v != "" {
					set = append(set, name+"="+v)
				}
			}
			return set
		},
		TransformFunc: func(name, value string) (string, any) { return names[name], value },
	}), nil)
	if err != nil {
		return fmt.Errorf("read the environment: %w", err)
	}
	var errs []error
	visitFlags(cmd, func(key string, f *pflag.Flag) {
		if f.Changed || !k.Exists(key) {
			return
		}
		for _, v := range values(k, key) {
			if err := cmd.Flags().Set(f.Name, v); err != nil {
				errs = append(errs, usagef("%s (or %s in %s): %w", environmentName(key), key, path, plainFlagError(err)))
			}
		}
	})
	return errors.Join(errs...)
}

// values returns a setting as the texts of one or more flags.
func values(k *koanf.Koanf, key string) []string {
	if list := k.Strings(key); len(list) > 0 {
		return list
	}
	return []string{fmt.Sprint(k.Get(key))}
}

// visitFlags calls f with each flag of cmd and its key: the command's words and
// the flag's name, with dots between.
func visitFlags(cmd *cobra.Command, f func(key string, flag *pflag.Flag)) {
	words := strings.Fields(cmd.CommandPath())[1:]
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "help" && flag.Name != childFlag && flag.Name != "config" && flag.Name != "version" {
			f(strings.Join(append(words[:len(words):len(words)], flag.Name), "."), flag)
		}
	})
}

func environmentName(key string) string {
	return "STARLING_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// unknownKeys refuses keys of the file that are no flag of any command.
func unknownKeys(root *cobra.Command, keys []string, path string) error {
	known := make(map[string]bool)
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd != root {
			visitFlags(cmd, func(key string, _ *pflag.Flag) { known[key] = true })
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
	for _, key := range keys {
		if !known[key] {
			return usagef("%s: %q is no flag of a command; write it as in replay: {users: 50}", path, key)
		}
	}
	return nil
}
