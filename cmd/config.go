package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/starling-load/starling/model/problem"
)

const configFile = "starling.yaml"

// configure sets the flags of cmd that the command line does not set: from the
// environment, or else from starling.yaml.
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
	known := knownKeys(cmd.Root())
	if err := unknownKeys(known, k.Keys(), path); err != nil {
		return err
	}
	if err := unknownVariables(known, e.environ()); err != nil {
		return err
	}
	names := make(map[string]string) // environment variable → key
	visitFlags(cmd, func(key string, _ *pflag.Flag) { names[environmentName(key)] = key })
	err := k.Load(env.Provider(".", env.Opt{
		Prefix:      variablePrefix,
		EnvironFunc: e.environ,
		TransformFunc: func(name, value string) (string, any) {
			if value == "" {
				return "", nil // an empty variable counts as none
			}
			return names[name], value
		},
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

// values returns the setting of key as texts: one for each time that its flag
// would stand on the command line.
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
	return variablePrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// knownKeys lists the keys of all flags of all commands, sorted.
func knownKeys(root *cobra.Command) []string {
	var keys []string
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd != root {
			visitFlags(cmd, func(key string, _ *pflag.Flag) { keys = append(keys, key) })
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
	slices.Sort(keys)
	return keys
}

// unknownKeys returns an error for keys of the file that are no flag of any
// command.
func unknownKeys(known, keys []string, path string) error {
	for _, key := range keys {
		if slices.Contains(known, key) {
			continue
		}
		if hint := problem.Suggest(key, known); hint != "" {
			return usagef("%s: %q is no flag of a command%s", path, key, hint)
		}
		return usagef("%s: %q is no flag of a command; write it as in replay: {users: 50}", path, key)
	}
	return nil
}

// variablePrefix begins the names of environment variables that are flags.
const variablePrefix = "STARLING_"

// serviceVariable matches what Kubernetes sets for a service whose name begins
// with starling.
var serviceVariable = regexp.MustCompile(`^STARLING_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// unknownVariables returns an error for environment variables that begin with
// variablePrefix and are no flag of any command.
func unknownVariables(known, environ []string) error {
	names := make([]string, len(known))
	for i, key := range known {
		names[i] = environmentName(key)
	}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, variablePrefix) || value == "" || slices.Contains(names, name) || serviceVariable.MatchString(name) {
			continue
		}
		if hint := problem.Suggest(name, names); hint != "" {
			return usagef("the environment variable %s is no flag of a command%s", name, hint)
		}
		return usagef("the environment variable %s is no flag of a command; write it as in STARLING_REPLAY_USERS=50, or remove it", name)
	}
	return nil
}
