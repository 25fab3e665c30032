package checks

import (
	"os"
	"slices"
	"strings"
	"testing"

	"stockproof/checks/linear"
	"stockproof/model"
)

// tableRow is one of the table of doc.go: an outcome, for some commands in a special case only.
type tableRow struct{ commands, outcomes, special, operation string }

// operationTable reads the table of doc.go; "" in the first column is the command of the row above.
func operationTable(t *testing.T) (rows []tableRow) {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "//\tcommand           outcome                          operation\n")
	if !found {
		t.Fatal("doc.go has no table of operations")
	}
	table, _, _ = strings.Cut(table, "//\n")
	for line := range strings.Lines(table) {
		line = strings.TrimPrefix(strings.TrimRight(line, "\n"), "//\t")
		r := tableRow{commands: strings.TrimSpace(line[:18]), outcomes: strings.TrimSpace(line[18:51])}
		r.operation, _, _ = strings.Cut(line[51:], ":")
		if r.commands == "" {
			r.commands = rows[len(rows)-1].commands
		}
		names := strings.Split(r.outcomes, ", ")
		if last := names[len(names)-1]; len(names) > 1 && strings.ToLower(last) == last {
			r.outcomes, r.special = strings.Join(names[:len(names)-1], ", "), last
		}
		rows = append(rows, r)
	}
	return rows
}

// says is what the table says of a command with an outcome, in a special case or none.
func says(rows []tableRow, kind, outcome, special string) string {
	for _, r := range rows {
		if slices.Contains(strings.Split(r.commands, ", "), kind) && slices.Contains(strings.Split(r.outcomes, ", "), outcome) &&
			r.special == special {
			return r.operation
		}
	}
	for _, r := range rows {
		if r.commands == "any" && r.outcomes == "any other" {
			return r.operation
		}
	}
	return "nothing"
}

// Every command with every outcome is the operation that the table of doc.go names, and has the effect it states.
func TestCommandsAreTheOperationsOfTheTable(t *testing.T) {
	rows := operationTable(t)
	ref := model.NameID("o1")
	command := func(k model.Kind) model.Command {
		return model.Command{ID: model.NameID("c"), Kind: k, SKU: "A", Loc: model.MainLocation, ToLoc: "east", Qty: 5, Ref: ref,
			Policy: model.AllOrNothing}
	}
	check := func(k model.Kind, o model.Outcome, special string, granted int64, leg int16, together bool) {
		t.Helper()
		x := operation(command(k), o, granted, leg, together)
		if got, want := x.kind.String()+" "+x.outcome.String(), says(rows, k.String(), o.String(), special); got != want {
			t.Errorf("%s %s %s: %s, doc.go says %s", k, o, special, got, want)
		}
	}
	for k := model.Reserve; k <= model.SetLimit; k++ {
		for o := model.Granted; o <= model.Invalid; o++ {
			cancels := k == model.Release || k == model.Expire
			switch {
			case o.Grants() && o != model.Granted && k != model.Reserve: // only a RESERVE is granted in part, or ahead of stock
			case cancels && o == model.Granted:
				check(k, o, "units", 5, 0, false)
				check(k, o, "tombstone", 0, 0, false)
			default:
				check(k, o, "", 5, 0, false)
			}
		}
		ends := k == model.Commit || k == model.Release || k == model.Expire
		if x := operation(command(k), 0, 0, 0, false); x.outcome != linear.Unknown || (x.kind == linear.Note) != ends {
			t.Errorf("%s without an outcome is %s %s", k, x.kind, x.outcome)
		}
	}
	check(model.Reserve, model.RejectedInsufficient, "siblings", 0, 0, true)
	check(model.Transfer, model.Granted, "receiving", 5, 1, false)
	for name, c := range map[string]struct {
		got  asOperation
		want asOperation
	}{
		"an amendment names what it replaces": {operation(command(model.Reserve), model.Granted, 5, 0, false),
			asOperation{kind: linear.Deduct, qty: 5, ref: ref, arg: linear.Absent, outcome: linear.OK}},
		"a partial grant is of what it got": {operation(command(model.Reserve), model.PartiallyGranted, 3, 0, false),
			asOperation{kind: linear.Deduct, qty: 3, ref: ref, arg: linear.Absent, outcome: linear.Partial}},
		"a cancel gives back what was granted": {operation(command(model.Release), model.Granted, 4, 0, false),
			asOperation{kind: linear.Cancel, qty: 4, ref: ref, arg: linear.Absent, outcome: linear.OK}},
		"an adjustment is of what was granted": {operation(command(model.Adjust), model.Granted, -2, 0, false),
			asOperation{kind: linear.Adjust, qty: -2, arg: linear.Absent, outcome: linear.OK}},
	} {
		if c.got != c.want {
			t.Errorf("%s: %+v, want %+v", name, c.got, c.want)
		}
	}
	partial, limits := command(model.Reserve), command(model.SetLimit)
	partial.Policy = model.Partial
	if x := operation(partial, model.RejectedInsufficient, 0, 0, false); x.qty != 1 {
		t.Errorf("under policy partial a refusal is of %d units", x.qty)
	}
	limits.Safety, limits.BackorderLimit = model.Some(int64(3)), model.Some(int64(7))
	if x := operation(limits, model.Granted, 0, 0, false); x.qty != 3 || x.arg != 7 {
		t.Errorf("SET_LIMIT is %+v", x)
	}
}
