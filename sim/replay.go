package sim

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"stockproof/inventory"
	"stockproof/model"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// JitterSeed is what jitter is made of in explorations and in the schedules that they find: it is no choice
// that a file would have to name.
const JitterSeed = 1

// CoreOptions are the options of a design in simulations: small, so that little happens beside the point.
func CoreOptions() scenario.DesignOptions {
	o := scenario.DesignOptions{Options: inventory.DefaultOptions(), Workers: 2}
	o.Partitions = 2
	o.Loops = 1
	return o
}

// ScheduleConfig is the configuration that runs the schedule under a design: its own, or another one. replay
// tells afterwards which deviations found no place.
func ScheduleConfig(s *scenario.Schedule, d inventory.Design, base scenario.DesignOptions) (c SimulationConfig, replay *engine.Replayer, err error) {
	c = SimulationConfig{Design: d, Options: base, Seed: JitterSeed}
	if err := s.OptionsFor(d, &c.Options); err != nil {
		return c, nil, err
	}
	if c.Workload, err = s.Build(workload.DefaultParams(), c.Seed); err != nil {
		return c, nil, err
	}
	if c.Faults, err = CoreFaults(&s.Scenario, &c.Workload, d, c.Options); err != nil {
		return c, nil, err
	}
	replay = engine.Replay(s.Deviations)
	c.Chooser = replay
	return c, replay, nil
}

// CheckNames refuses choices that name what the file does not have: a process that is not deployed and that none of
// its faults starts, an order, or a SKU. A step of one that is there and does not come to it is drift, which only the
// run shows. It is for files as people have left them: what a shrinker takes out of a schedule may leave a choice behind
// whose order is gone, which is then no choice.
func CheckNames(s *scenario.Schedule, d inventory.Design, base scenario.DesignOptions) error {
	c, _, err := ScheduleConfig(s, d, base)
	if err != nil {
		return err
	}
	processes := processNames(d, c.Options, c.Faults)
	names := slices.Collect(maps.Values(c.Workload.Names()))
	skus := c.Workload.SKUs()
	for _, v := range s.Deviations {
		for _, actor := range []string{v.Run, v.Actor} {
			process, _, _ := strings.Cut(actor, "/")
			process, _, _ = strings.Cut(process, "'") // the second of a name is name'2
			if actor != "" && !slices.Contains(processes, process) {
				return s.Errorf(v.Line, "run: design %s has no process %q as it is deployed here; there are %s", d.Name, process,
					strings.Join(processes, ", "))
			}
		}
		if m := askedOf.FindStringSubmatch(v.Point); m != nil && !slices.Contains(names, m[1]) {
			return s.Errorf(v.Line, "run: the workload has no order %q", m[1])
		}
		if sku, ok := unknownSKU(v.Point, skus); ok {
			return s.Errorf(v.Line, "run: the workload has no SKU %q", sku)
		}
	}
	return nil
}

// askedOf is a point that says of which order, or other command, a client asks.
var askedOf = regexp.MustCompile(`^(?:request|response) api (?:admit|conclude|look up) (.+)$`)

// tag is what a point says of a lane: a hash tag in a key of Redis, or a lane whose lock is waited for.
var tag = regexp.MustCompile(`\{([^{}]+)\}`)

// unknownSKU is the SKU of a lane that a point names and that is none of skus. Where one of these has braces itself, no
// point says which of them are its own.
func unknownSKU(point string, skus []model.SKU) (string, bool) {
	if slices.ContainsFunc(skus, func(sku model.SKU) bool { return strings.ContainsAny(string(sku), "{}") }) {
		return "", false
	}
	for _, m := range tag.FindAllStringSubmatch(point, -1) {
		if !slices.ContainsFunc(skus, func(sku model.SKU) bool {
			return m[1] == string(sku) || m[1] == model.EncodeKey(string(sku)) || m[1] == string(sku)+" "+string(model.MainLocation)
		}) {
			return m[1], true
		}
	}
	return "", false
}

// processNames are the processes of a simulation by name: those that are deployed, and those that its faults start.
func processNames(d inventory.Design, o scenario.DesignOptions, faults []Fault) []string {
	names := []string{"clients", "servers"} // servers' own work is chosen too
	for i := range o.APIs() {
		names = append(names, apiName(i))
	}
	if d.Connector != nil && !o.Relay {
		names = append(names, "connector")
	}
	for _, r := range d.Roles {
		names = append(names, standing(r, o)...)
	}
	started := map[string]int{}
	start := func(stem string) {
		started[stem]++
		names = append(names, fmt.Sprintf("%s-%d", stem, started[stem]))
	}
	for _, f := range faults {
		switch f.Kind {
		case "run":
			start(f.Role + "-extra")
		case "second-group":
			for _, r := range d.Roles {
				start(r.Name + "-green")
			}
		case "re-drive":
			start("redriver")
		case "pg-failover", "pg-failover-async":
			start("operator")
		}
	}
	return names
}

// apiName is the name of the API process of a place in [scenario.DesignOptions.APIs].
func apiName(i int) string { return fmt.Sprintf("api-%d", i+1) }

// standing are the instances of a role that run from the beginning, by name.
func standing(r inventory.Role, o scenario.DesignOptions) (names []string) {
	if !r.Always && !slices.Contains(askedRoles(o), r.Name) {
		return nil
	}
	n := 1
	if r.Name == "worker" {
		n = max(o.Workers, 1)
	}
	for i := range n {
		names = append(names, fmt.Sprintf("%s-%d", r.Name, i+1))
	}
	return names
}
