package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/random"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// runFlags are the command line of sim run.
type runFlags struct {
	design     string
	on         string
	seed       string
	scenario   string
	workload   string
	columns    string
	admission  string
	workers    int
	partitions int
	duplicates random.Ratio
	restarts   int
	settle     time.Duration
	patience   time.Duration
	timeout    time.Duration
	history    string
	json       bool
	params     workload.Params
	given      []string // the flags as they were given, for the command that reproduces the run
	set        map[string]bool
}

func parseRun(args []string, stdout io.Writer) (*runFlags, error) {
	f := &runFlags{params: workload.DefaultParams(), set: map[string]bool{}}
	fs := flag.NewFlagSet("sim run", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // finish prints what is wrong, once
	fs.Usage = func() {}
	fs.StringVar(&f.design, "design", "ledger", "the `design` to run")
	fs.StringVar(&f.on, "on", "wire", "the `tier`: wire, or core, which has flags of its own (sim run --on core --help)")
	fs.StringVar(&f.seed, "seed", "", "decimal or 0x `number`; default a random one, printed on line 1")
	fs.StringVar(&f.scenario, "scenario", "", "`name` or file of a scenario")
	fs.StringVar(&f.workload, "workload", "", "CSV `file` of real orders, .gz or not")
	fs.StringVar(&f.columns, "columns", "", "its headers: `what=header`,..., where what is order, sku, qty or time (read and checked; the order is the file's)")
	fs.StringVar(&f.admission, "admission", "async", "`when` ledger decides: async (behind the broker) or sync (in the answer)")
	fs.IntVar(&f.workers, "workers", 2, "`number` of instances of role worker")
	fs.IntVar(&f.partitions, "partitions", 8, "`number` of partitions of every topic")
	fs.Var(&f.duplicates, "duplicates", "`share` of command and state records delivered twice, half of them at new offsets")
	fs.IntVar(&f.restarts, "restarts", 0, "`number` of workers killed between effect and offset commit, and started again; with --admission sync of projections")
	fs.DurationVar(&f.settle, "settle", 15*time.Second, "`time` that nothing may move behind the last order before speed shows the truth")
	fs.DurationVar(&f.patience, "patience", 3*time.Second, "`time` that a client waits for a decision before it goes on without it")
	fs.DurationVar(&f.timeout, "timeout", time.Minute, "`time` that a process waits for the speed layer's answer to one batch; behind it an alarm, and again")
	fs.StringVar(&f.history, "history", "", historyFlag)
	fs.BoolVar(&f.json, "json", false, "the result as JSON on the last line of stdout; everything else on stderr")
	about := workloadHelp()
	for _, key := range workload.ParamKeys() {
		fs.Func(key, fmt.Sprintf("%s (%s)", about[key], f.params.Get(key)),
			func(v string) error { return f.params.Set(key, v) })
	}
	if err := fs.Parse(args); err != nil {
		if err == flag.ErrHelp {
			printRunHelp(stdout, fs)
			return nil, err
		}
		return nil, usage{err}
	}
	if fs.NArg() > 0 {
		return nil, usage{fmt.Errorf("run takes no argument %q", fs.Arg(0))}
	}
	fs.Visit(func(g *flag.Flag) { f.set[g.Name] = true })
	f.given = args
	return f, f.validate()
}

func (f *runFlags) validate() error {
	switch {
	case f.on != "wire":
		return usage{fmt.Errorf("--on %s: there is no such tier here; there are core and wire", f.on)}
	case f.admission != "async" && f.admission != "sync":
		return usage{fmt.Errorf("--admission %s is neither async nor sync", f.admission)}
	case f.workers < 1 || f.workers > 256:
		return usage{fmt.Errorf("--workers %d is outside 1..256", f.workers)}
	case f.partitions < 1 || f.partitions > 1024:
		return usage{fmt.Errorf("--partitions %d is outside 1..1024", f.partitions)}
	case f.restarts < 0 || f.restarts > 1000:
		return usage{fmt.Errorf("--restarts %d is outside 0..1000", f.restarts)}
	case !f.duplicates.Probability():
		return usage{fmt.Errorf("--duplicates %s is outside 0..1", f.duplicates)}
	case f.columns != "" && f.workload == "":
		return usage{fmt.Errorf("--columns goes with --workload")}
	case f.workload != "" && f.scenario != "":
		return usage{fmt.Errorf("--workload and --scenario both say what clients do")}
	case f.settle <= 0 || f.patience <= 0 || f.timeout <= 0:
		return usage{fmt.Errorf("--settle, --patience and --timeout need a time above zero")}
	}
	for _, key := range workload.ParamKeys() {
		if f.workload != "" && f.set[key] && key != "supply" && key != "clients" {
			return usage{fmt.Errorf("--%s is for a generated workload, and --workload names a file", key)}
		}
	}
	if err := f.params.Validate(); err != nil {
		return usage{err}
	}
	return nil
}

// overruled refuses a flag that the scenario would silently win over.
func (f *runFlags) overruled(s *scenario.Scenario) error {
	for _, key := range []string{"admission", "workers", "partitions"} {
		if _, says := s.Design.Get(key); says && f.set[key] {
			return usage{fmt.Errorf("--%s: scenario %s says that itself", key, s.Name)}
		}
	}
	for _, key := range workload.ParamKeys() {
		says := s.Explicit()
		for i := range s.Workload {
			_, sets := s.Workload[i].Get(key)
			says = says || sets
		}
		if says && f.set[key] {
			return usage{fmt.Errorf("--%s: scenario %s says what clients do", key, s.Name)}
		}
	}
	return nil
}

// parseSeed reads a seed, or draws one.
func parseSeed(seed string) (uint64, error) {
	if seed == "" {
		var b [4]byte
		if _, err := rand.Read(b[:]); err != nil {
			return 0, fmt.Errorf("draw a seed: %w", err)
		}
		return uint64(binary.BigEndian.Uint32(b[:])), nil
	}
	digits, base := seed, 10
	if hex, ok := strings.CutPrefix(seed, "0x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return 0, usage{fmt.Errorf("--seed %q is not a decimal or 0x number", seed)}
	}
	return n, nil
}

// config puts together what the flags, the scenario and the file say.
func (f *runFlags) config() (sim.RunConfig, error) {
	c := sim.RunConfig{Judges: checks.OfLongRuns().Told(), Duplicates: f.duplicates, Restarts: f.restarts, Settle: f.settle, Patience: f.patience,
		World: func(o sim.WorldOptions) (sim.World, error) {
			o.Timeout = f.timeout
			return sim.NewWireWorld(o)
		}}
	var err error
	if c.Seed, err = parseSeed(f.seed); err != nil {
		return c, err
	}
	c.Options = scenario.DesignOptions{Options: inventory.DefaultOptions(), Workers: f.workers}
	c.Options.Partitions, c.Options.Admission = int32(f.partitions), inventory.AdmissionMode(f.admission)
	if f.scenario != "" {
		if c.Scenario, err = scenario.Load(f.scenario); err != nil {
			return c, err
		}
		if err := f.overruled(c.Scenario); err != nil {
			return c, err
		}
	}
	if c.Design, err = designFor(c.Scenario, f.design, f.set["design"]); err != nil {
		return c, err
	}
	f.design = c.Design.Name
	if err := f.checkOptions(c); err != nil {
		return c, err
	}
	if c.Scenario != nil {
		if err := c.Scenario.OptionsFor(c.Design, &c.Options); err != nil {
			return c, err
		}
	}
	c.Workload, err = f.buildWorkload(c.Scenario, c.Seed)
	return c, err
}

// checkOptions refuses what the design would ignore.
func (f *runFlags) checkOptions(c sim.RunConfig) error {
	for _, key := range []string{"admission", "workers", "partitions"} {
		if !f.set[key] {
			continue
		}
		if err := scenario.CheckOption(c.Design, "--"+key, key); err != nil {
			return err
		}
	}
	return nil
}

func (f *runFlags) buildWorkload(s *scenario.Scenario, seed uint64) (workload.Workload, error) {
	switch {
	case f.workload != "":
		o := workload.ImportOptions{Columns: workload.DefaultColumns(), Supply: workload.DefaultSupply(), Clients: f.params.Clients}
		if f.set["supply"] {
			o.Supply = f.params.Supply
		}
		if f.columns != "" {
			var err error
			if o.Columns, err = workload.ParseColumns(f.columns); err != nil {
				return workload.Workload{}, usage{fmt.Errorf("--columns: %w", err)}
			}
		}
		return workload.Import(f.workload, o)
	case s != nil:
		return s.Build(f.params, seed)
	}
	return workload.Generate(f.params, seed)
}

// reproduce is the command that runs the same again.
func (f *runFlags) reproduce(seed uint64) string {
	words := []string{"sim", "run"}
	for _, a := range f.given {
		words = append(words, shellWord(a))
	}
	if !f.set["seed"] {
		words = append(words, "--seed", fmt.Sprintf("0x%x", seed))
	}
	return strings.Join(words, " ")
}

func shellWord(s string) string {
	plain := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=,:+%", r))
	}
	if s != "" && strings.IndexFunc(s, plain) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func runCommand(ctx context.Context, args []string, stdout *output, stderr io.Writer) error {
	if onCore(args) {
		return runCore(ctx, args, stdout, stderr)
	}
	f, err := parseRun(args, stdout)
	if err != nil {
		return err
	}
	c, err := f.config()
	if err != nil {
		return err
	}
	var people io.Writer = stdout
	if f.json {
		people = stderr
	}
	fmt.Fprintln(people, headline(f, c))
	if stdout.failed() != nil {
		return errUnwritten
	}
	history, err := createHistory(f.history)
	if err != nil {
		return err
	}
	c.History = history.writer()
	meter := newMeter(stderr)
	c.Progress = meter.show
	began := time.Now()
	r, err := sim.Run(ctx, c)
	meter.done()
	if err := errors.Join(err, history.close()); err != nil {
		return fmt.Errorf("run %s: %w", c.Design.Name, err)
	}
	report := newReport(f, c, r, time.Since(began))
	report.text(people)
	if f.json {
		if err := report.json(stdout); err != nil {
			return err
		}
	}
	return verdict{r.Result}
}
