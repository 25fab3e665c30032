package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"stockproof/checks"
)

const help = `sim judges designs of a real-time inventory pipeline by running them.

  sim run [--design ledger] [--on wire] [--seed N] [--scenario NAME|FILE] ...
                    one run: real clients against fakes of their servers in this process
  sim run --on core [--design D] [--seed N] [--scenario NAME|FILE]
                    one schedule of the simulator, drawn
  sim explore [--design D] [--scenario NAME|FILE] [--strategy S] [--budget 30s] [--faults KINDS] [-o FILE.sched]
                    many schedules with faults, until one breaks the design; then the smallest one
  sim check HISTORY [--claims GUARANTEES]
                    judges a history: one of sim run --history, or of another system
  sim replay FILE.sched [--design D]
                    a recorded schedule once more
  sim shrink FILE.sched [-o OUT]
                    a smaller one, with a certificate
  sim report FILE.sched -o PAGE.html
                    one as a page for a browser: every step, truth and speed beside it

  sim run                                            10 000 orders through the ledger design
  sim run --design article --scenario token-expiry   a design that breaks, and how
  sim run --on core --scenario tiny --seed 4         one simulated run, drawn: the same seed is the same run
  sim run --workload month.csv.gz                    real orders

sim COMMAND --help says more. Exit codes: 0 holds, 1 safety violated, 2 liveness violated, 3 not linearizable,
4 not deterministic, 5 vacuous, 6 undecided, 7 two checkers disagree, 64 usage or bad input, 70 internal error, and as a shell has it 130 interrupted (by SIGINT or
SIGTERM: the run ends without a verdict). A verdict that cannot be written is an internal error.
`

// interrupted is the exit code of a run that a signal ended, as shells report it: 128 + SIGINT.
const interrupted = 130

// A simulation makes much garbage and keeps little: a heap that may grow to five times what lives, and not
// beyond limit bytes for that, makes it faster by a third.
const (
	growth = 400
	limit  = 2 << 30
)

func main() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(growth)
		debug.SetMemoryLimit(limit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command runs one command line and returns its exit code.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := &output{w: stdout}
	code := dispatch(ctx, args, out, stderr)
	if err := out.failed(); err != nil {
		fmt.Fprintf(stderr, "sim: write to stdout: %v\n", err)
		return checks.InternalError.ExitCode()
	}
	return code
}

func dispatch(ctx context.Context, args []string, stdout *output, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, help)
		return checks.BadInput.ExitCode()
	}
	switch args[0] {
	case "help", "--help", "-h", "-help":
		fmt.Fprint(stdout, help)
		return 0
	case "run":
		return finish(ctx, runCommand(ctx, args[1:], stdout, stderr), stderr)
	case "explore":
		return finish(ctx, exploreCommand(ctx, args[1:], stdout, stderr), stderr)
	case "check":
		return finish(ctx, checkCommand(args[1:], stdout, stderr), stderr)
	case "replay":
		return finish(ctx, replayCommand(ctx, args[1:], stdout, stderr), stderr)
	case "shrink":
		return finish(ctx, shrinkCommand(ctx, args[1:], stdout, stderr), stderr)
	case "report":
		return finish(ctx, pageCommand(ctx, args[1:], stdout, stderr), stderr)
	}
	fmt.Fprintf(stderr, "sim: there is no command %q\n\n%s", args[0], help)
	return checks.BadInput.ExitCode()
}

// verdict is a result that its command has printed.
type verdict struct{ checks.Result }

func (v verdict) Error() string { return v.Result.String() }

// errUnwritten ends a command whose stdout takes nothing; command says why.
var errUnwritten = errors.New("stdout cannot be written")

// usage is an error of the command line.
type usage struct{ error }

// finish turns what a command returned into its exit code, and prints what it has not printed yet.
func finish(ctx context.Context, err error, stderr io.Writer) int {
	var v verdict
	var u usage
	var input *checks.InputError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &v):
		return v.ExitCode()
	case errors.Is(err, errUnwritten):
		return checks.InternalError.ExitCode()
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "sim: interrupted")
		return interrupted
	case errors.As(err, &input), errors.As(err, &u):
		fmt.Fprintf(stderr, "sim: %v\n", err)
		return checks.BadInput.ExitCode()
	}
	fmt.Fprintf(stderr, "sim: %v\n", err)
	return checks.InternalError.ExitCode()
}
