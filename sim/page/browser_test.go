package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"stockproof/sim/page"
)

// patience bounds a wait for the browser. It is no measure: a machine may be as slow as it likes.
const patience = 10 * time.Minute

// browser is one headless Chromium for all tests of t. Without one t is skipped.
func browser(t testing.TB) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("SKIPPED: needs Debian package chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.WSURLReadTimeout(patience))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// tab is a page in a tab of the browser.
type tab struct {
	testing.TB
	ctx context.Context
	url string

	mu       sync.Mutex
	requests []string // that went anywhere but to the page's own file
	said     []string // errors and warnings on the console
}

// open opens a page in a tab of a width, light or dark.
func open(t testing.TB, browser context.Context, p page.Page, width int64, scheme string) *tab {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(written(t, p)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, patience)
	t.Cleanup(stop)
	b := &tab{TB: t, ctx: ctx, url: "file://" + file}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	b.run(chromedp.EmulateViewport(width, 900), chromedp.Navigate(b.url))
	b.until("document.documentElement.dataset.ready > 0")
	t.Cleanup(b.quiet)
	return b
}

// listen takes down what a page that is sufficient to itself never does.
func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if e.Request.URL != b.url && e.Request.URL != "about:blank" && !strings.HasPrefix(e.Request.URL, "data:") {
			b.requests = append(b.requests, e.Request.URL)
		}
	case *runtime.EventConsoleAPICalled:
		b.said = append(b.said, fmt.Sprintf("console.%s %v", e.Type, e.Args))
	case *runtime.EventExceptionThrown:
		b.said = append(b.said, fmt.Sprintf("%s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *log.EventEntryAdded:
		b.said = append(b.said, e.Entry.Text)
	}
}

// quiet asserts that the page asked nobody for anything and complained of nothing.
func (b *tab) quiet() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.requests) > 0 || len(b.said) > 0 {
		b.Errorf("requests %q, console %q", b.requests, b.said)
	}
}

// call sends a command of the protocol.
func call[P, R any](b *tab, c cdp.Command[P, R], params P) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, c, params); err != nil {
		b.Fatal(err)
	}
}

// until waits until an expression is true in the page.
func (b *tab) until(expression string) {
	b.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("!!("+expression+")", chromedp.WithPollingTimeout(patience))); err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
}

func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// eval is the value of an expression in the page.
func eval[T any](b *tab, expression string) (v T) {
	b.Helper()
	raw, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]byte](expression))
	if err == nil {
		err = json.Unmarshal(raw, &v)
	}
	if err != nil {
		b.Fatalf("%s is %s: %v", expression, raw, err)
	}
	return v
}

// press sends keys to whatever has the focus.
func (b *tab) press(keys ...string) {
	b.Helper()
	for _, k := range keys {
		b.run(chromedp.KeyEvent(k))
	}
}

func (b *tab) focus(selector string) { b.Helper(); b.run(chromedp.Focus(chromedp.CSS(selector))) }

func (b *tab) click(selector string) { b.Helper(); b.run(chromedp.Click(chromedp.CSS(selector))) }

// text is what an element says.
func (b *tab) text(selector string) string {
	b.Helper()
	return eval[string](b, fmt.Sprintf("document.querySelector(%q).textContent", selector))
}

// at asserts that grid, scrubber, text and plot all show a step, from 1.
func (b *tab) at(step int) {
	b.Helper()
	type shown struct {
		Scrubber, Active, Selected, Value, Where string
		Cursor, Foot, Want                       float64
		Visible                                  bool
	}
	s := eval[shown](b, `(() => {
		const row = document.querySelector('.row[aria-selected=true]'), grid = document.getElementById('grid');
		const box = row.getBoundingClientRect(), around = grid.getBoundingClientRect();
		const scrubber = document.getElementById('scrubber');
		return {scrubber: scrubber.value, value: scrubber.getAttribute('aria-valuetext'),
			active: grid.getAttribute('aria-activedescendant'), selected: row.id,
			where: document.getElementById('where').textContent,
			cursor: +document.querySelector('#plot .cursor').getAttribute('x1'), foot: +document.querySelector('#plot .cursor').getAttribute('x2'),
			want: player.plot.x(scrubber.value - 1),
			visible: box.top >= around.top - 1 && box.bottom <= around.bottom + 1};
	})()`)
	row := fmt.Sprintf("row-%d", step-1)
	if s.Scrubber != fmt.Sprint(step) || s.Active != row || s.Selected != row || !strings.HasPrefix(s.Value, fmt.Sprintf("step %d of ", step)) ||
		!strings.HasPrefix(s.Where, fmt.Sprintf("%d of ", step)) || s.Cursor != s.Want || s.Foot != s.Want || !s.Visible {
		b.Errorf("not all at step %d: %+v", step, s)
	}
}
