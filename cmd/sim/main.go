package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"stockproof/checks"
	"stockproof/sim"
)

const help = `sim judges designs of a real-time inventory pipeline by running them.

  sim run [--design ledger] [--on wire] [--seed N] [--scenario NAME|FILE] ...
                    one run: real clients against fakes of their servers in this process

  sim run                                            10 000 orders through the ledger design
  sim run --design article --scenario token-expiry   a design that breaks, and how
  sim run --workload month.csv.gz                    real orders

sim COMMAND --help says more. Exit codes: 0 holds, 1 safety violated, 2 liveness violated, 3 not linearizable,
5 vacuous, 6 undecided, 64 usage or bad input, 69 a needed server is missing, 70 internal error.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command runs one command line and returns its exit code.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, help)
		return checks.BadInput.ExitCode()
	}
	switch args[0] {
	case "help", "--help", "-h", "-help":
		fmt.Fprint(stdout, help)
		return 0
	case "run":
		return finish(runCommand(ctx, args[1:], stdout, stderr), stderr)
	}
	fmt.Fprintf(stderr, "sim: there is no command %q\n\n%s", args[0], help)
	return checks.BadInput.ExitCode()
}

// verdict is a result that its command has printed.
type verdict struct{ checks.Result }

func (v verdict) Error() string { return v.Result.String() }

// usage is an error of the command line.
type usage struct{ error }

// finish turns what a command returned into its exit code, and prints what it has not printed yet.
func finish(err error, stderr io.Writer) int {
	var v verdict
	var u usage
	var input *sim.InputError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &v):
		return v.ExitCode()
	case errors.As(err, &input), errors.As(err, &u):
		fmt.Fprintf(stderr, "sim: %v\n", err)
		return checks.BadInput.ExitCode()
	}
	fmt.Fprintf(stderr, "sim: %v\n", err)
	return checks.InternalError.ExitCode()
}
