package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/starling-load/starling/model/problem"
)

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, args []string, env environment) int {
	env.piped = &stdinFile{ctx: ctx, in: env.stdin}
	root := newRoot(env)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var verdict verdictError
	if err != nil && !errors.As(err, &verdict) {
		env.say("starling: %s", explain(err))
	}
	return exitCode(err)
}

func newRoot(env environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "starling",
		Short: "Record real traffic, learn its users, replay them at any multiple, compare releases",
		Long: `Starling records real traffic, learns how its users behave, replays them at any
multiple over any number of machines, and says with evidence whether a release
got worse.

Every flag can also stand in starling.yaml (replay: {users: 50}) and in the
environment (STARLING_REPLAY_USERS=50); flag > environment > file > default.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a threshold or regression was
hit, 4 the run is invalid (the generator was the bottleneck), 130 interrupted.`,
		Example: `  starling demo     # see it all at once
  starling record proxy --upstream http://127.0.0.1:9000 -o shop.flow.zst
  starling model learn shop.flow.zst -o shop.model
  starling replay shop.model --target http://127.0.0.1:9000 --scale 10x --duration 1m -o new.run.zst
  starling compare old.run.zst new.run.zst`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		Version:           version(),
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			attach(cmd, env)
			return configure(cmd, env)
		},
	}
	root.PersistentFlags().String("config", "", "read defaults from this `FILE` (default: starling.yaml if present)")
	env.identity = root.PersistentFlags().String("identity", "", "age identity `FILE` that opens encrypted recordings")
	root.PersistentFlags().Bool(childFlag, false, "")
	root.PersistentFlags().Lookup(childFlag).Hidden = true
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages |", ".FlagUsagesWrapped 80 |"))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w%s", plainFlagError(err), cmp.Or(nearestFlag(cmd, err), seeHelp(cmd)))
	})
	root.AddCommand(
		demoCommand(env), recordCommand(env), flowCommand(env), modelCommand(env), replayCommand(env),
		replayerCommand(env), reportCommand(env), compareCommand(env), uiCommand(env),
	)
	refuseStrays(root)
	return root
}

// refuseStrays makes wrong arguments and unknown commands usage errors.
func refuseStrays(cmd *cobra.Command) {
	if cmd.HasSubCommands() && cmd.RunE == nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q%s", args[0], cmp.Or(nearestCommand(cmd, args[0]), seeHelp(cmd)))
			}
			return cmd.Help()
		}
		cmd.Args = cobra.ArbitraryArgs
	}
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usagef("%w; see %s --help", err, cmd.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		refuseStrays(sub)
	}
}

// version is the module's, as the build recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// oneArg, as cobra.ExactArgs(1), but naming what is missing.
func oneArg(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return fmt.Errorf("name %s", what)
		case 1:
			return nil
		}
		return fmt.Errorf("one argument too many: %q", args[1])
	}
}

// atLeastOne, as cobra.MinimumNArgs(1), but naming what is missing.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("name %s", what)
		}
		return nil
	}
}

// atMost, as cobra.MaximumNArgs, but naming what is too much.
func atMost(n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return fmt.Errorf("one argument too many: %q", args[n])
		}
		return nil
	}
}

// seeHelp says where it is explained how to call cmd.
func seeHelp(cmd *cobra.Command) string { return "; see " + cmd.CommandPath() + " --help" }

// nearestFlag names the flag of cmd that an unknown one resembles, if there is one.
func nearestFlag(cmd *cobra.Command, err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return ""
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	return problem.Suggest("--"+unknown.GetSpecifiedName(), names)
}

// nearestCommand names the subcommand of cmd that an unknown one resembles, if there is one.
func nearestCommand(cmd *cobra.Command, name string) string {
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	return problem.Suggest(name, names)
}

// plainFlagError says of a value that a flag does not take how to write one.
func plainFlagError(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err
	}
	how := map[string]string{
		"uint64":   "not a whole number, or below 0",
		"float64":  "not a number",
		"bool":     "write true or false",
		"bytes":    errNotBytes.Error(),
		"positive": errNotPositive.Error(),
		"span":     errNotSpan.Error(),
	}[invalid.GetFlag().Value.Type()]
	if how == "" {
		return err
	}
	if errors.Is(err, errLongSpan) {
		how = errLongSpan.Error()
	}
	return fmt.Errorf("invalid argument %q for \"--%s\" flag: %s", invalid.GetValue(), invalid.GetFlag().Name, how)
}
