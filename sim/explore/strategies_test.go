package explore_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

// compareStrategies measures the strategies against each other:
//
//	go test ./sim/explore -run '^TestStrategiesCompared$' -strategies -v
//
// prints how many executions each of them took to the first violation, for every recorded failure and every break of
// production code; -strategies-of NAMES makes some of the rows.
var (
	compareStrategies = flag.Bool("strategies", false, "compare the strategies by executions to the first violation")
	compareOnly       = flag.String("strategies-of", "", "the failures and breaks to compare them by, separated by commas; default all")
	comparePlanted    = flag.String("strategies-planted", "", "arguments of sim explore: what this program takes, into which a break was built")
)

const (
	compareSeeds  = 5
	compareMost   = 300    // executions of one campaign: what is not found in so many counts as that
	compareStates = 10_000 // of one exhaustive search
)

// race is what the strategies took for one bug.
type race struct {
	bug         string
	random, pct []int // executions, per seed
	exhaustive  string
}

func TestStrategiesCompared(t *testing.T) {
	if !*compareStrategies {
		return // a measurement: it can be wrong about nothing
	}
	var races []race
	for _, r := range recipes() {
		if !compared(r.name) {
			continue
		}
		s, err := scenario.Load(r.name)
		if err != nil {
			t.Fatal(err)
		}
		races = append(races, race{"`" + r.name + "`", r.first(t, s, explore.Random), r.first(t, s, explore.PCT), r.exhaustive(t, s)})
		t.Log(races[len(races)-1])
	}
	races = append(races, plantedRaces(t)...)
	wins := map[string]int{}
	var b strings.Builder
	b.WriteString("| bug | random | PCT | exhaustive |\n|---|---|---|---|\n")
	for _, r := range races {
		wins[winner(r)]++
		fmt.Fprintf(&b, "%s\n", r)
	}
	t.Logf("median (worst) of %d seeds:\n\n%s\n%d bugs: random first %d times, PCT %d, equal %d", compareSeeds, b.String(), len(races),
		wins["random"], wins["pct"], wins["equal"])
}

// compared reports whether a row was asked for.
func compared(name string) bool {
	return *compareOnly == "" || slices.Contains(strings.Split(*compareOnly, ","), name)
}

// first is the executions to the first violation that the recipe is about, per seed.
func (r recipe) first(t *testing.T, s *scenario.Scenario, how explore.Strategy) []int {
	t.Helper()
	return first(t, how, func(seed uint64) explore.Config { return r.config(t, s, r.design(t, s), seed) })
}

// first is the executions to the first violation in campaigns, per seed.
func first(t *testing.T, how explore.Strategy, campaign func(seed uint64) explore.Config) (took []int) {
	t.Helper()
	for seed := range uint64(compareSeeds) {
		c := campaign(seed + 1)
		c.Strategy, c.Budget, c.Executions, c.Cores = how, 0, compareMost, 1
		found, err := explore.Run(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		took = append(took, compareMost)
		if found.Finding != nil {
			took[seed] = found.Finding.Execution + 1
		}
	}
	return took
}

// exhaustive is the executions until an exhaustive search finds any violation, with as many faults of the recipe's kinds
// as it allows; "-" where it cannot offer them, or where they are the scenario's own and strike at a response, which is no
// point of a search.
func (r recipe) exhaustive(t *testing.T, s *scenario.Scenario) string {
	t.Helper()
	if explore.CheckTold(s) != nil {
		return "-"
	}
	for _, k := range r.kinds {
		if explore.CheckChoosable(k) != nil {
			return "-"
		}
	}
	c := r.config(t, s, r.design(t, s), 1)
	p, err := explore.Exhaust(context.Background(), explore.Scope{Design: c.Design, Options: c.Options, Scenario: c.Scenario, Kinds: r.kinds,
		Faults: r.max, States: compareStates, Cores: 1})
	switch {
	case err != nil:
		t.Fatalf("%s: %v", r.name, err)
	case p.Finding != nil:
		return fmt.Sprint(p.Executions)
	case p.Complete && len(p.Never) > 0:
		return "-"
	case p.Complete:
		return fmt.Sprintf("not in %d states", p.States)
	}
	return fmt.Sprintf("> %d", p.Executions)
}

func (r race) String() string {
	return fmt.Sprintf("| %s | %s | %s | %s |", r.bug, spread(r.random), spread(r.pct), r.exhaustive)
}

// plantedRaces are the breaks of production code, by the program that is built of each.
func plantedRaces(t *testing.T) (races []race) {
	t.Helper()
	var done []string
	for _, patch := range productionBreaks(t) {
		if !compared(breakName(patch)) {
			continue
		}
		for _, l := range looks(t, patch) {
			if !l.found || slices.Contains(l.args, "exhaustive") {
				continue
			}
			all := append(slices.Clone(l.with), patch)
			names := make([]string, len(all))
			for i, p := range all {
				names[i] = "`" + breakName(p) + "`"
			}
			slices.Sort(names)
			bug := strings.Join(names, " + ")
			if slices.Contains(done, bug) { // looked for by another patch's header
				continue
			}
			done = append(done, bug)
			races = append(races, planted(t, bug, overlay(t, all...), l))
			t.Log(races[len(races)-1])
		}
	}
	return races
}

// planted runs [TestPlantedRace] with production code that is broken.
func planted(t *testing.T, bug, overlay string, l look) race {
	t.Helper()
	test := exec.Command("go", "test", "-overlay", overlay, "./sim/explore", "-run", "^TestPlantedRace$", "-v", "-args",
		"-strategies-planted", strings.Join(l.args, " "))
	test.Dir = root
	out, err := test.CombinedOutput()
	_, line, ok := strings.Cut(string(out), "took: ")
	if err != nil || !ok {
		t.Fatalf("%s: %v\n%s", bug, err, out)
	}
	line, _, _ = strings.Cut(line, "\n")
	var took [2][]int
	if err := json.Unmarshal([]byte(line), &took); err != nil {
		t.Fatalf("%s: %v in %q", bug, err, line)
	}
	return race{bug, took[0], took[1], "-"}
}

// TestPlantedRace is for the program that a break was built into: what the strategies take under ledger as it is there.
func TestPlantedRace(t *testing.T) {
	if *comparePlanted == "" {
		return // nothing is planted in this program
	}
	fs := flag.NewFlagSet("planted", flag.ContinueOnError)
	name, kinds := fs.String("scenario", "", ""), fs.String("faults", "", "")
	fs.String("seed", "", "")
	fs.String("executions", "", "")
	if err := fs.Parse(strings.Fields(*comparePlanted)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(*name, "/") {
		*name = filepath.Join(root, *name)
	}
	s, err := scenario.Load(*name)
	if err != nil {
		t.Fatal(err)
	}
	c := explore.Config{Design: ledger.Design(), Options: sim.CoreOptions(), Scenario: s}
	if err := s.OptionsFor(c.Design, &c.Options); err != nil {
		t.Fatal(err)
	}
	switch *kinds {
	case "none":
		c.MaxFaults = -1
	case "":
	default:
		c.Kinds = strings.Split(*kinds, ",")
	}
	var took [2][]int
	for i, how := range []explore.Strategy{explore.Random, explore.PCT} {
		took[i] = first(t, how, func(seed uint64) explore.Config {
			c.Seed = seed
			return c
		})
	}
	b, err := json.Marshal(took)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("took: %s\n", b)
}

func median(took []int) int {
	sorted := slices.Sorted(slices.Values(took))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func spread(took []int) string {
	name := func(n int) string {
		if n >= compareMost {
			return fmt.Sprintf("> %d", compareMost)
		}
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s (%s)", name(median(took)), name(slices.Max(took)))
}

func winner(r race) string {
	switch a, b := median(r.random), median(r.pct); {
	case a < b:
		return "random"
	case b < a:
		return "pct"
	}
	return "equal"
}
