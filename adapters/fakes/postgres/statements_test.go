package fakepg

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
	"stockproof/inventory/port"
)

// sqlTexts reads the exported constants of the adapter's SQL out of its source: the catalog is made
// from the same package's list of forms, which could have forgotten one.
func sqlTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	scope := checkFolder(t, "../../postgres/sql").Scope()
	for _, name := range scope.Names() {
		c, ok := scope.Lookup(name).(*types.Const)
		if ok && c.Exported() && c.Val().Kind() == constant.String {
			texts[name] = constant.StringVal(c.Val())
		}
	}
	if len(texts) < 40 {
		t.Fatalf("only %d texts found", len(texts))
	}
	return texts
}

// checkFolder type-checks a package without its imports: enough for its own constants.
func checkFolder(t *testing.T, folder string) *types.Package {
	t.Helper()
	set := token.NewFileSet()
	cfg := types.Config{Error: func(error) {}, Importer: noImports{}}
	pkg, _ := cfg.Check(folder, set, parseFolder(t, set, folder), nil) // it cannot succeed, see noImports
	return pkg
}

func parseFolder(t *testing.T, set *token.FileSet, folder string) (files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, fs.ErrNotExist }

func TestCatalogKnowsExactlyTheTextsOfTheAdapter(t *testing.T) {
	c := newCatalog("1")
	written := map[string]bool{}
	for name, text := range sqlTexts(t) {
		if name == "GuardState" || controlOf(text) != noControl { // an SQLSTATE, and begin, commit, rollback
			continue
		}
		found := false
		for _, schema := range []port.Schema{port.ArticleSchema, port.DualWriteSchema, port.RowLockSchema} {
			text := sql.In(schema, text)
			written[text] = true
			found = found || c[text] != nil
		}
		if !found {
			t.Errorf("the catalog does not know %s:\n%s", name, text)
		}
	}
	for text, q := range c {
		if !written[text] {
			t.Errorf("the catalog has a text for %s that the adapter has not:\n%s", q.name, text)
		}
	}
}

func TestCatalogKnowsEveryStatementOfThePorts(t *testing.T) {
	bound := map[string]bool{}
	for _, q := range newCatalog("1") {
		if s := q.fresh().stmt; s != nil {
			bound[reflect.TypeOf(s).Elem().Name()] = true
		}
	}
	declared := 0
	for _, f := range parseFolder(t, token.NewFileSet(), "../../../inventory/port") {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Name.Name != "Statement" || fn.Recv == nil {
				continue
			}
			declared++
			name := fn.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name
			if !bound[name] {
				t.Errorf("no text for port.%s", name)
			}
		}
	}
	if declared != len(bound) {
		t.Errorf("%d statements are declared, %d bound", declared, len(bound))
	}
}

// mirror is a database that remembers the statement it got and answers with another's results.
type mirror struct {
	got    [][]byte // its parameters, encoded
	answer port.Statement
}

func (*mirror) SystemID() string             { return "7" }
func (m *mirror) Connect() (Session, error)  { return m, nil }
func (*mirror) Begin(context.Context) error  { return nil }
func (*mirror) Commit(context.Context) error { return nil }
func (*mirror) Rollback()                    {}

func (m *mirror) Exec(_ context.Context, s port.Statement) error {
	if reflect.TypeOf(s) != reflect.TypeOf(m.answer) {
		return fmt.Errorf("got a %T", s)
	}
	var err error
	if m.got, err = encodeParams(s); err != nil {
		return err
	}
	reflect.ValueOf(s).Elem().Set(reflect.ValueOf(m.answer).Elem())
	return nil
}

func encodeParams(s port.Statement) (out [][]byte, err error) {
	q, err := sql.Bind(s)
	if err != nil {
		return nil, err
	}
	for _, p := range q.Params {
		b, err := pgtype.NewMap().Encode(uint32(p.Type), pgtype.BinaryFormatCode, p.Value, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		out = append(out, b)
	}
	return out, nil
}

// encodeRows gives every row of a statement's results, encoded by pgx.
func encodeRows(s port.Statement) (out [][]byte, err error) {
	q, err := sql.Bind(s)
	if err != nil || len(q.Rows.Columns) == 0 {
		return nil, err
	}
	for i := range q.Rows.Len() {
		for c, v := range q.Rows.At(i) {
			b, err := pgtype.NewMap().Encode(uint32(q.Rows.Columns[c].Type), pgtype.BinaryFormatCode, v, nil)
			if err != nil {
				return nil, err
			}
			out = append(out, b)
		}
	}
	return out, nil
}

func TestEveryStatementSurvivesTheWire(t *testing.T) {
	m := &mirror{}
	s := NewServer(m)
	t.Cleanup(s.Close)
	conn := dial(t, s)
	for _, form := range sql.Forms() {
		for _, format := range []int16{formatBinary, formatText} {
			for _, zero := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s format %d zero %v", form.Name, format, zero), func(t *testing.T) {
					sent, answer := form.New(), form.New()
					if !zero {
						n := 0
						fill(reflect.ValueOf(sent).Elem(), &n)
						fill(reflect.ValueOf(answer).Elem(), &n)
					}
					m.answer = answer
					received := form.New()
					if err := roundTrip(conn, format, sent, received); err != nil {
						t.Fatal(err)
					}
					want, err := encodeParams(sent)
					if err != nil || !reflect.DeepEqual(m.got, want) {
						t.Fatalf("%v: the server read %q, sent %q", err, m.got, want)
					}
					got, err1 := encodeRows(received)
					rows, err2 := encodeRows(answer)
					if err := errors.Join(err1, err2); err != nil || !reflect.DeepEqual(got, rows) {
						t.Fatalf("%v: the client read %q, sent %q", err, got, rows)
					}
				})
			}
		}
	}
}

// roundTrip sends one statement with the real client and reads its rows into another.
func roundTrip(conn *pgx.Conn, format int16, sent, into port.Statement) error {
	q, err := sql.Bind(sent)
	if err != nil {
		return err
	}
	results, err := sql.Bind(into)
	if err != nil {
		return err
	}
	args := append([]any{pgx.QueryResultFormats{format}}, q.Args()...)
	rows, err := conn.Query(context.Background(), q.Text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for i, d := range rows.FieldDescriptions() {
		if h := results.Rows.Columns[i]; d.Name != h.Name || d.DataTypeOID != uint32(h.Type) || d.Format != format {
			return fmt.Errorf("column %d is described as %+v, is %+v", i+1, d, h)
		}
	}
	for rows.Next() {
		if err := rows.Scan(results.Rows.Next()...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// fill gives every field a value of its own, and every list two elements. What chose the text stays.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); !choosesText(v, f) {
				fill(v.Field(i), n)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(*n % 251))
		}
	case reflect.String:
		v.SetString(fmt.Sprintf(`%d {"',\ü NULL`, *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n) - 1<<40)
	case reflect.Int32, reflect.Int16:
		v.SetInt(-int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n % 251))
	default:
		panic(v.Kind())
	}
}

// choosesText reports whether a field is an option that decides which text a statement has.
func choosesText(v reflect.Value, f reflect.StructField) bool {
	field := v.FieldByIndex(f.Index)
	switch f.Name {
	case "Schema", "Share":
		return true
	case "Keys", "SKUs":
		return field.Len() == 0
	case "Chain":
		return v.Type() == reflect.TypeFor[port.ReadDead]() && field.IsZero()
	}
	return false
}

func TestSessionTextAnswersItsFourSettings(t *testing.T) {
	s := NewServer(&mirror{})
	t.Cleanup(s.Close)
	conn := dial(t, s)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeCacheStatement} {
		var got [4]string
		row := conn.QueryRow(context.Background(), sql.Session, mode)
		if err := row.Scan(&got[0], &got[1], &got[2], &got[3]); err != nil {
			t.Fatal(err)
		}
		if want := [4]string{"7", "force_generic_plan", "off", "off"}; got != want {
			t.Fatalf("%v: %q", mode, got)
		}
	}
}

func TestCommandTagIsTheOuterCommand(t *testing.T) {
	for text, want := range map[string]string{
		"\nSELECT a FROM b":                      "SELECT",
		"WITH u AS (UPDATE x) SELECT y":          "SELECT",
		"with u as (select 1) INSERT INTO a":     "INSERT",
		"UPDATE t SET a = (SELECT 1)":            "UPDATE",
		"DELETE FROM t WHERE id IN (select (1))": "DELETE",
	} {
		if got := verbOf(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
