package page_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// One browser for all: each test has a tab of its own.
func TestInABrowser(t *testing.T) {
	ctx := browser(t)
	p := pageOf(recorded(t, "token-expiry"))
	t.Run("the keyboard goes through the run", func(t *testing.T) {
		b := open(t, ctx, p, 1280, "light")
		b.at(1)
		b.press(kb.ArrowRight) // nothing has the focus
		b.at(2)
		b.focus("#grid")
		for _, k := range []struct {
			key  string
			step int
		}{{kb.ArrowDown, 3}, {kb.ArrowRight, 4}, {kb.ArrowUp, 3}, {kb.ArrowLeft, 2}, {kb.PageDown, 12}, {kb.PageDown, 16}, {kb.PageUp, 6},
			{kb.Home, 1}, {kb.ArrowUp, 1}, {kb.End, 16}, {kb.ArrowDown, 16}, {kb.Home, 1}, {"n", 7}, {"n", 8}, {"n", 13}, {"n", 7}, {"n", 8}, {"p", 7}, {"p", 7}} {
			b.press(k.key)
			b.at(k.step)
		}
		b.focus("#scrubber")
		for _, k := range []struct {
			key  string
			step int
		}{{kb.End, 16}, {kb.ArrowLeft, 15}, {kb.Home, 1}, {kb.ArrowRight, 2}, {"n", 7}} {
			b.press(k.key)
			b.at(k.step)
		}
	})
	t.Run("the browser keeps its own keys, and no other", func(t *testing.T) {
		b := open(t, ctx, p, 1280, "light")
		taken := func(key, with string) bool { // whether the page keeps the browser from its own way with a key
			return eval[bool](b, fmt.Sprintf(`!document.getElementById('grid').dispatchEvent(new KeyboardEvent('keydown', {key: %q, %s bubbles: true, cancelable: true}))`, key, with))
		}
		for _, with := range []string{"ctrlKey: true,", "altKey: true,", "metaKey: true,"} {
			if taken("ArrowDown", with) || taken("n", with) {
				t.Errorf("keys with %s are taken from the browser", with)
			}
			b.at(1)
		}
		if taken("Tab", "") || taken("a", "") {
			t.Error("keys that mean nothing here are taken from the browser")
		}
		if !taken("ArrowDown", "") || !taken("End", "") || !taken("Home", "") {
			t.Error("the browser scrolls as well")
		}
		b.at(1)
	})
	t.Run("buttons and the mouse do too", func(t *testing.T) {
		b := open(t, ctx, p, 1280, "light")
		for _, c := range []struct {
			selector string
			step     int
		}{{"#last", 16}, {"#back", 15}, {"#first", 1}, {"#forth", 2}, {"#marked", 7}, {"#row-4", 5}} {
			b.click(c.selector)
			b.at(c.step)
		}
		x := eval[[]float64](b, `(() => { const r = document.getElementById('plot').getBoundingClientRect(); return [r.left + player.plot.x(12), r.top + 60]; })()`)
		b.run(chromedp.MouseClickXY(x[0], x[1]))
		b.at(13)
	})
	t.Run("truth and speed stand beside each step", func(t *testing.T) {
		b := open(t, ctx, p, 1280, "light")
		b.focus("#grid")
		for _, want := range []string{"2 2 Speed shows what truth holds.", "2 1 Speed shows 1 fewer than truth holds.", "1 1 Speed shows what truth holds.",
			"1 0 Speed shows 1 fewer than truth holds.", "0 0 Speed shows what truth holds."} {
			got := ""
			for range 16 {
				got = strings.Join([]string{b.text("#truth td"), b.text("#speed td"), b.text("#gap")}, " ")
				if got == want {
					break
				}
				b.press(kb.ArrowDown)
			}
			if got != want {
				t.Fatalf("%q never comes; at the end %q", want, got)
			}
		}
		if d := eval[[]string](b, `['truth', 'speed'].map(c => document.querySelector('#plot path.' + c).getAttribute('d').replace(/[^A-Z]/g, ''))`); strings.Count(d[0], "V") < 2 ||
			strings.Count(d[1], "V") < 2 || strings.Count(d[0], "M") != 1 {
			t.Errorf("lines of the plot: %q", d)
		}
		if n := eval[[]int](b, `['fault-mark', 'accused-mark'].map(c => document.querySelectorAll('#plot .' + c).length)`); !slices.Equal(n, []int{2, 1}) {
			t.Errorf("marks in the plot: %v", n)
		}
	})
	t.Run("a ledger shows what is reserved, and how far speed is behind", func(t *testing.T) {
		b := open(t, ctx, busy(t, 4), 1280, "light")
		if heads := eval[[]string](b, `[...document.querySelectorAll('#levels thead th')].filter(e => !e.hidden).map(e => e.textContent)`); !slices.Equal(heads,
			[]string{"At this step", "available", "reserved", "decisions"}) {
			t.Errorf("columns %q", heads)
		}
		side := func(id string) []string {
			return eval[[]string](b, fmt.Sprintf(`[...document.querySelectorAll('#%s td')].filter(e => !e.hidden).map(e => e.textContent)`, id))
		}
		b.focus("#grid")
		truth, speed, gap := []string{"2", "2", "3"}, []string{"4", "0", "1"}, "Speed shows 2 more than truth holds; it is 2 behind."
		for range 20 {
			if slices.Equal(side("truth"), truth) && slices.Equal(side("speed"), speed) && b.text("#gap") == gap {
				return
			}
			b.press(kb.ArrowDown)
		}
		t.Errorf("never truth %q, speed %q, %s; at the end %q, %q, %s", truth, speed, gap, side("truth"), side("speed"), b.text("#gap"))
	})
	t.Run("a design without a speed layer has none here", func(t *testing.T) {
		q := pageOf(recorded(t, "token-expiry"))
		q.Run.Outcome.Audit.SpeedRead = false
		b := open(t, ctx, q, 1280, "light")
		if got := eval[[]any](b, `[document.getElementById('speed').hidden, document.getElementById('gap').textContent, document.querySelectorAll('#plot path.speed').length]`); got[0] != true ||
			got[1] != "This design has no speed layer." || got[2] != 0.0 {
			t.Errorf("hidden, text, lines: %v", got)
		}
	})
	t.Run("a window that is made narrow is filled anew", func(t *testing.T) {
		b := open(t, ctx, p, 1280, "light")
		b.focus("#grid")
		b.press("n")
		eval[bool](b, `addEventListener('resize', () => { window.resized = true; }), true`) // behind the page's own
		b.run(chromedp.EmulateViewport(390, 900))
		b.until(`window.resized`)
		if got := eval[[]any](b, `[document.getElementById('grid').classList.contains('list'), player.plot.width < 390]`); got[0] != true || got[1] != true {
			t.Errorf("rows as lists, a plot that fits: %v", got)
		}
		b.at(7)
		if out := eval[[]string](b, wide); len(out) > 0 {
			t.Errorf("wider than the page: %q", out)
		}
	})
	t.Run("every cell of the timeline is in the table", func(t *testing.T) {
		b := open(t, ctx, p, 1280, "light")
		for i, row := range p.Run.Timeline.Rows {
			got := eval[string](b, fmt.Sprintf(`document.querySelector('#row-%d').innerText.replace(/\s+/g, ' ')`, i))
			for _, c := range row.Cells {
				if !strings.Contains(got, strings.Join(strings.Fields(c.Text), " ")) {
					t.Errorf("row %d: %q is missing in %q", i+1, c.Text, got)
				}
			}
		}
		heads := eval[[]string](b, `[...document.querySelectorAll('#heads > *')].slice(1).map(e => e.textContent)`)
		if want := []string{"clients", "postgres", "connector", "kafka p0", "kafka p1", "worker-1", "worker-2", "redis"}; !slices.Equal(heads, want) {
			t.Errorf("columns %q, want %q", heads, want)
		}
		b.focus("#grid")
		for i, row := range p.Run.Timeline.Rows { // and what a step is about is said
			for _, c := range row.Cells {
				if said := c.Column + ": " + c.Text; !c.Weak && !strings.Contains(b.text("#what"), said) {
					t.Errorf("at step %d %q is not said: %q", i+1, said, b.text("#what"))
				}
			}
			b.press(kb.ArrowDown)
		}
		if marked := eval[[]string](b, `[...document.querySelectorAll('.row.struck, .row.accused')].map(e => e.id)`); !slices.Equal(marked, []string{"row-6", "row-7", "row-12"}) {
			t.Errorf("marked are %q", marked)
		}
	})
	t.Run("who cannot see is told the same", func(t *testing.T) {
		b := open(t, ctx, p, 1280, "light")
		type said struct {
			Role, Label, Rows, Columns, Selected, Index, Live, Range string
			Cells, Unlabelled                                        int
		}
		s := eval[said](b, `(() => {
			const grid = document.getElementById('grid'), row = document.getElementById('row-0');
			return {role: grid.getAttribute('role'), label: grid.getAttribute('aria-label'), rows: grid.getAttribute('aria-rowcount'),
				columns: grid.getAttribute('aria-colcount'), selected: row.getAttribute('aria-selected'), index: row.getAttribute('aria-rowindex'),
				cells: row.querySelectorAll('[role=gridcell], [role=rowheader]').length, live: document.getElementById('what').getAttribute('role'),
				range: document.getElementById('scrubber').getAttribute('aria-label'),
				unlabelled: [...document.querySelectorAll('button, input, select, [role=img], [tabindex="0"]')].filter(e =>
					!e.closest('[hidden]') && !e.getAttribute('aria-label') && !e.getAttribute('aria-labelledby') && !e.textContent.trim()).length};
		})()`)
		if want := (said{"grid", "Steps of the run", "17", "9", "true", "2", "status", "Step", 9, 0}); s != want {
			t.Errorf("%+v, want %+v", s, want)
		}
	})
	t.Run("the focus goes everywhere and can be seen", func(t *testing.T) {
		b := open(t, ctx, p, 1280, "light")
		var visited []string
		for range 14 {
			b.press(kb.Tab)
			at := eval[[]string](b, `(() => { const frame = document.activeElement.contentDocument;
				const e = frame ? frame.activeElement : document.activeElement, s = getComputedStyle(e), drawn = e.matches('.target-rect');
				return [(frame ? 'in the panel ' : '') + (e.id || e.className.baseVal || e.className || e.tagName),
					drawn ? s.stroke : s.outlineStyle, drawn ? s.strokeWidth : s.outlineWidth]; })()`)
			visited = append(visited, at[0])
			if at[0] != "BODY" && (at[1] == "none" || at[2] == "0px") {
				t.Errorf("the focus on %s cannot be seen: outline %s %s", at[0], at[1], at[2])
			}
		}
		for _, want := range []string{"skip", "copy", "first", "back", "forth", "last", "marked", "scrubber", "grid", "in the panel target-rect",
			"scroll"} {
			if !slices.Contains(visited, want) {
				t.Errorf("Tab never comes to %s: %q", want, visited)
			}
		}
	})
	t.Run("the command is copied", func(t *testing.T) {
		b := open(t, ctx, p, 1280, "light")
		eval[bool](b, `navigator.clipboard.writeText = async text => { window.copied = text; }, true`)
		b.click("#copy")
		b.until(`document.getElementById('copied').textContent === 'Copied'`)
		if got := eval[string](b, `window.copied`); got != "sim replay token-expiry.sched" {
			t.Errorf("copied %q", got)
		}
		eval[bool](b, `document.getElementById('copied').textContent = '', navigator.clipboard.writeText = async () => { throw new Error('not allowed'); }, true`)
		b.click("#copy")
		b.until(`document.getElementById('copied').textContent !== ''`)
		if got := eval[string](b, `getSelection().toString()`); got != "sim replay token-expiry.sched" {
			t.Errorf("where the clipboard is closed, selected is %q", got)
		}
	})
	t.Run("the original run is one key away", func(t *testing.T) {
		both := shrunk(t)
		b := open(t, ctx, both, 1280, "light")
		b.focus("#runs input")
		b.press(kb.ArrowRight) // of the radio buttons, and not of the run
		b.at(1)
		if got, want := b.text("#where"), fmt.Sprintf("1 of %d,", len(both.Original.Timeline.Rows)); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		if lanes := eval[[]string](b, `[...document.getElementById('lane').options].map(o => o.text)`); !slices.Equal(lanes, []string{"A", "B"}) {
			t.Errorf("lanes %q", lanes)
		}
		b.run(chromedp.SetValue(chromedp.CSS("#lane"), "1"))
		eval[bool](b, `document.getElementById('lane').dispatchEvent(new Event('change'))`)
		if got := eval[string](b, `document.getElementById('plot').getAttribute('aria-label')`); !strings.HasPrefix(got, "Stock of lane B over ") {
			t.Errorf("the plot is of %q", got)
		}
		if got := b.text("#truth td"); got != "4" || b.text("#levels-title") != "Lane B" {
			t.Errorf("truth holds %s of %s", got, b.text("#levels-title"))
		}
		b.press(kb.ArrowLeft)
		b.at(1)
		if got := b.text("#where"); !strings.HasPrefix(got, "1 of 16,") {
			t.Errorf("back at the smallest run: %q", got)
		}
	})
	t.Run("what a file says is text", func(t *testing.T) {
		evil := `</script><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
		q := shrunk(t)
		q.Run.Schedule.Name, q.Command, q.File = evil, "sim replay '"+evil+"'", evil
		q.Run.Timeline.Rows[2].Cells[0].Text = evil
		b := open(t, ctx, q, 1280, "light")
		if got := eval[[]any](b, `[document.title.includes('owned') && !document.title.includes('<'), document.querySelectorAll('img').length]`); got[0] != false || got[1] != 0.0 {
			t.Errorf("title owned, images: %v", got)
		}
		if got := b.text("#command"); !strings.Contains(got, evil) {
			t.Errorf("the command is %q", got)
		}
	})
}
