package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim/workload"
)

// DesignOptions is what a scenario's design line may set, beside the design's name.
type DesignOptions struct {
	inventory.Options
	// Fronts are the API processes by how they admit; nil: one, as Admission says.
	Fronts    []inventory.AdmissionMode
	Workers   int    // instances of role worker
	RecordKey string // the column that keys a raw-table topic; "": the design's own
}

// designKey is an option of the design line.
type designKey struct {
	key string
	set func(*DesignOptions, string) error
}

func designKeys() []designKey {
	return []designKey{
		{"admission", func(o *DesignOptions, v string) (err error) {
			o.Admission, err = admissionMode(v)
			return err
		}},
		{"fronts", func(o *DesignOptions, v string) error {
			o.Fronts = nil
			for word := range strings.SplitSeq(v, ",") {
				mode, err := admissionMode(word)
				if err != nil {
					return err
				}
				o.Fronts = append(o.Fronts, mode)
			}
			return nil
		}},
		{"partitions", func(o *DesignOptions, v string) error {
			n, err := workload.ParseNumber(v, 1, 1024)
			o.Partitions = int32(n)
			return err
		}},
		{"workers", integer(func(o *DesignOptions) *int { return &o.Workers }, 1, 256)},
		{"batch", integer(func(o *DesignOptions) *int { return &o.BatchMax }, 1, 10_000)},
		{"group", integer(func(o *DesignOptions) *int { return &o.GroupMax }, 1, 10_000)},
		{"scan", integer(func(o *DesignOptions) *int { return &o.ScanMax }, 1, 10_000)},
		{"shards", integer(func(o *DesignOptions) *int { return &o.Shards }, 0, 1024)},
		{"relay", boolean(func(o *DesignOptions) *bool { return &o.Relay })},
		{"every-op", boolean(func(o *DesignOptions) *bool { return &o.EveryOp })},
		{"reconcile", boolean(func(o *DesignOptions) *bool { return &o.Reconcile })},
		{"bootstrap", boolean(func(o *DesignOptions) *bool { return &o.Bootstrap })},
		{"shed", boolean(func(o *DesignOptions) *bool { return &o.Shed })},
		{"emit", boolean(func(o *DesignOptions) *bool { return &o.Emit })},
		{"ttl", func(o *DesignOptions, v string) error {
			d, err := time.ParseDuration(v)
			if err != nil || d < time.Second || d%time.Second != 0 {
				return fmt.Errorf("%q is not a time in whole seconds, such as 24h", v)
			}
			o.TokenTTL = strconv.FormatInt(int64(d/time.Second), 10)
			return nil
		}},
		{"record-key", func(o *DesignOptions, v string) error {
			if o.RecordKey = v; v == "" {
				return fmt.Errorf("a column is needed")
			}
			return nil
		}},
	}
}

func admissionMode(v string) (inventory.AdmissionMode, error) {
	mode := inventory.AdmissionMode(v)
	if mode != inventory.Async && mode != inventory.Sync {
		return mode, fmt.Errorf("%q is neither %s nor %s", v, inventory.Async, inventory.Sync)
	}
	return mode, nil
}

// APIs are the API processes by how they admit: one at least.
func (o *DesignOptions) APIs() []inventory.AdmissionMode {
	if len(o.Fronts) > 0 {
		return o.Fronts
	}
	return []inventory.AdmissionMode{o.Admission}
}

func integer(field func(*DesignOptions) *int, lo, hi int64) func(*DesignOptions, string) error {
	return func(o *DesignOptions, v string) error {
		n, err := workload.ParseNumber(v, lo, hi)
		*field(o) = int(n)
		return err
	}
}

func boolean(field func(*DesignOptions) *bool) func(*DesignOptions, string) error {
	return func(o *DesignOptions, v string) error {
		if v != "true" && v != "false" {
			return fmt.Errorf("%q is neither true nor false", v)
		}
		*field(o) = v == "true"
		return nil
	}
}

// DesignName is the design that the scenario asks for, "" if it names none.
func (s *Scenario) DesignName() string {
	if s.Design == nil {
		return ""
	}
	return s.Design.Subject
}

// DesignOptions sets what the design line says and leaves the rest of o alone.
func (s *Scenario) DesignOptions(o *DesignOptions) error {
	if s.Design == nil {
		return nil
	}
	for _, setting := range s.Design.Settings {
		if err := setDesign(o, setting); err != nil {
			return s.Errorf(s.Design.Line, "%v", err)
		}
	}
	return nil
}

// CheckOptions refuses a design line that asks for an option which the design does not have, or for a key that its records
// do not have.
func (s *Scenario) CheckOptions(d inventory.Design) error {
	if s == nil || s.Design == nil {
		return nil
	}
	for _, setting := range s.Design.Settings {
		if !slices.Contains(d.Options, setting.Key) {
			return s.Errorf(s.Design.Line, "%s: %s", setting.Key, lacksOption(d))
		}
		if setting.Key == "record-key" && d.Connector != nil && !slices.Contains(d.Connector.Columns, setting.Value) {
			return s.Errorf(s.Design.Line, "%s: the records of design %s have no column %q; they have %s", setting.Key, d.Name,
				setting.Value, strings.Join(d.Connector.Columns, ", "))
		}
	}
	return nil
}

// OptionsFor puts what the design line says over o. A line that names a design is about that one: another
// design, named on the command line, runs the same workload and faults with its own options.
func (s *Scenario) OptionsFor(d inventory.Design, o *DesignOptions) error {
	if name := s.DesignName(); name != "" && name != d.Name {
		return nil
	}
	if err := s.CheckOptions(d); err != nil {
		return err
	}
	return s.DesignOptions(o)
}

// lacksOption says that a design has no such option, and which it has.
func lacksOption(d inventory.Design) string {
	if len(d.Options) == 0 {
		return "design " + d.Name + " has no options"
	}
	return fmt.Sprintf("design %s has no such option; it has %s", d.Name, strings.Join(d.Options, ", "))
}

// CheckOption refuses an option that was asked for elsewhere than in a scenario; where names the place.
func CheckOption(d inventory.Design, where, key string) error {
	if slices.Contains(d.Options, key) {
		return nil
	}
	return checks.InputErrorf(where, 0, "%s", lacksOption(d))
}

// OptionKeys are the options that a design line may set where the design has them.
func OptionKeys() (keys []string) {
	for _, k := range designKeys() {
		keys = append(keys, k.key)
	}
	return keys
}

func setDesign(o *DesignOptions, s Setting) error {
	for _, k := range designKeys() {
		if k.key != s.Key {
			continue
		}
		if err := k.set(o, s.Value); err != nil {
			return fmt.Errorf("%s: %w", s.Key, err)
		}
		return nil
	}
	return fmt.Errorf("unknown key %s of design", s.Key)
}
