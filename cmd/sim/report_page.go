package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"stockproof/sim/page"
)

const pageHelp = `sim report FILE.sched -o PAGE.html: a recorded schedule run once more, as one HTML page that needs nothing else.

  The page has a column for each process and server, a scrubber with what every lane holds in truth and speed at each
  step, stock over steps, the guarantees, and the command that runs it again. Beside a run that was shrunk it shows
  the one that was found: FILE.original.sched where there is one, which "sim explore -o FILE.sched" writes, or
  another file that --original names.

  The exit code is 0 when the page was written, whatever the run came to; the verdict stands in the page.

  sim report testdata/schedules/token-expiry.sched -o token-expiry.html
  sim report found.sched --original as-found.sched -o found.html
  sim report testdata/schedules/token-expiry.sched --design ledger -o ledger.html
`

func pageCommand(ctx context.Context, args []string, stdout *output, _ io.Writer) error {
	fs := newFlags("sim report")
	to := fs.String("o", "", "`file` to write the page to")
	design := fs.String("design", "", "another `design` than the file's")
	original := fs.String("original", "", "schedule `file` of the run before shrinking; default FILE.original.sched, if there is one")
	_, err := parseFlags(fs, args, func() {
		fmt.Fprint(stdout, pageHelp)
		table(stdout, "flags", fs, func(string) bool { return true })
	})
	switch {
	case err != nil:
		return err
	case fs.NArg() != 1:
		return usage{errors.New("report takes one FILE.sched")}
	case *to == "":
		return usage{errors.New("report writes a page: -o FILE.html is missing")}
	}
	r, err := loadReplay(fs.Arg(0), *design)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, r.headline())
	run, err := r.page(ctx)
	if err != nil {
		return err
	}
	p := page.Page{File: r.file, Design: r.design.Name, Command: r.again(), Run: run}
	if *original == "" {
		*original = recordedOriginal(r.file)
	}
	if *original != "" {
		if p.Original, err = originalRun(ctx, *original, *design); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		return err
	}
	if err := writeFile(*to, b.String()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\n%s\n%10s page %s: %s, %s KiB\n", r.drawn.verdict(), "", *to,
		count(len(r.drawn.timeline.Rows), "step"), thousands(int64(b.Len()>>10)))
	return nil
}

// originalRun is the run of a schedule before it was shrunk.
func originalRun(ctx context.Context, file, design string) (*page.Run, error) {
	o, err := loadReplay(file, design)
	if err != nil {
		return nil, err
	}
	run, err := o.page(ctx)
	return &run, err
}

// page is the run as a page shows it.
func (r *replayed) page(ctx context.Context) (page.Run, error) {
	if err := r.run(ctx); err != nil {
		return page.Run{}, err
	}
	return page.Run{File: r.file, Schedule: r.schedule, Timeline: r.drawn.timeline, Outcome: r.drawn.outcome,
		Result: r.verdict(), Verdict: strings.Join(strings.Fields(r.drawn.verdict()), " "), Accused: r.drawn.broken(), Drift: r.drift}, nil
}

// originalOf is where the run stands from which a schedule was shrunk.
func originalOf(file string) string { return strings.TrimSuffix(file, ".sched") + ".original.sched" }

// recordedOriginal is that file, if it is there.
func recordedOriginal(file string) string {
	o := originalOf(file)
	if _, err := os.Stat(o); err != nil {
		return ""
	}
	return o
}
