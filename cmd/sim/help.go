package main

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

const runHelp = `sim run: one run of a design, judged.

  sim run --on wire drives pgx, franz-go and go-redis against a PostgreSQL wire fake, kfake and miniredis in this
  process. Natively that is not deterministic: the seed fixes the workload, not the schedule.

  sim run --orders 2000 --duplicates 0.05 --restarts 1
  sim run --design article --scenario token-expiry
  sim run --workload online-retail.csv.gz --columns order=InvoiceNo,sku=StockCode,qty=Quantity,time=InvoiceDate
  sim run --json | tail -1
`

const scenarioHelp = `
  An option that the design does not have is refused (64), in a scenario's design line as on the command line.

scenarios:
  A scenario's "expect GUARANTEE" says that this guarantee breaks, "expect holds" that nothing does. The exit code says
  what happened, whatever was expected; the verdict says "as the scenario expects" or "not as expected", --json says
  as_expected.

`

// workloadHelp says what the parameters of a generated workload mean; [workload.ParamKeys] has their names.
func workloadHelp() map[string]string {
	return map[string]string{
		"orders":     "how many orders",
		"skus":       "how many SKUs, the first of them hot, the others by Zipf",
		"hot":        "chance that a line asks for the hot SKU",
		"qty":        "a line asks for 1 to this many units",
		"multi":      "share of orders with 2 to max-lines lines",
		"max-lines":  "lines of one order, at most",
		"repeat-sku": "share of further lines that repeat a SKU of their order",
		"policy":     "of every order: partial or all-or-nothing",
		"supply":     "stock before the first order, over demand; 0.9 with --workload",
		"cancels":    "share of granted orders that are cancelled",
		"restocks":   "restocks over orders",
		"reads":      "reads of stock over orders",
		"clients":    "how many clients order side by side",
	}
}

// printRunHelp explains sim run: its flags, and everything that they name.
func printRunHelp(w io.Writer, fs *flag.FlagSet) {
	fmt.Fprint(w, runHelp)
	generated := map[string]bool{}
	for _, key := range workload.ParamKeys() {
		generated[key] = true
	}
	table(w, "flags", fs, func(name string) bool { return !generated[name] })
	table(w, "generated workload", fs, func(name string) bool { return generated[name] })
	fmt.Fprintf(w, "\ndesigns:\n")
	for _, d := range designs() {
		fmt.Fprintf(w, "  %-22s %s\n", d.Name, d.About)
		if len(d.Options) > 0 {
			fmt.Fprintf(w, "  %-22s options: %s\n", "", strings.Join(d.Options, ", "))
		}
	}
	fmt.Fprint(w, scenarioHelp)
	all, err := scenario.List()
	if err != nil {
		fmt.Fprintf(w, "  %v\n", err)
	}
	for _, s := range all {
		fmt.Fprintf(w, "  %-22s %s\n", s.Name, s.About)
	}
}

// table lists the flags that belong to it, one a line.
func table(w io.Writer, title string, fs *flag.FlagSet, belongs func(name string) bool) {
	fmt.Fprintf(w, "\n%s:\n", title)
	fs.VisitAll(func(g *flag.Flag) {
		if !belongs(g.Name) {
			return
		}
		value, about := flag.UnquoteUsage(g)
		if g.DefValue != "" && g.DefValue != "false" && g.DefValue != "0" {
			about += " (" + g.DefValue + ")"
		}
		fmt.Fprintf(w, "  %-22s %s\n", "--"+g.Name+" "+value, about)
	})
}
