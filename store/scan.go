package store

import (
	"database/sql"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// instantLayout keeps instants as text that sorts by time: UTC, milliseconds.
const instantLayout = "2006-01-02T15:04:05.000Z"

func instantText(t time.Time) string { return t.UTC().Format(instantLayout) }

// Opt makes NULL of a zero value, for columns where "none" is NULL
// (references, above all).
func Opt[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

// arguments turns Go values into what the file keeps: instants and civil
// dates as text, absent ones as NULL, booleans as 0 and 1.
func arguments(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = argument(a)
	}
	return out
}

func argument(a any) any {
	switch v := a.(type) {
	case nil, string, []byte, int64, int, float64:
		return v
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return instantText(v)
	case bool:
		if v {
			return 1
		}
		return 0
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		if err != nil || len(text) == 0 {
			// A value that cannot be written is absent; NOT NULL then refuses the row.
			return nil
		}
		return string(text)
	}
	// Named types (booking.State, card.ID, …) count as what they are made of.
	switch rv := reflect.ValueOf(a); rv.Kind() {
	case reflect.String:
		return rv.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return rv.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(rv.Uint())
	case reflect.Bool:
		return argument(rv.Bool())
	}
	return a
}

var (
	timeType        = reflect.TypeFor[time.Time]()
	unmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
	fieldCache      sync.Map // reflect.Type -> map[string][]int
)

// scanner returns a function that reads the current row into a T.
func scanner[T any](rows *sql.Rows) (func(*T) error, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	typ := reflect.TypeFor[T]()
	paths := make([][]int, len(columns))
	if isRecord(typ) {
		fields := fieldsOf(typ)
		for i, name := range columns {
			path, ok := fields[name]
			if !ok {
				return nil, fmt.Errorf("column %q has no field in %v", name, typ)
			}
			paths[i] = path
		}
	} else if len(columns) != 1 {
		return nil, fmt.Errorf("%d columns do not fit in one %v", len(columns), typ)
	}
	raw := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range raw {
		into[i] = &raw[i]
	}
	return func(v *T) error {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i := range raw {
			field := reflect.ValueOf(v).Elem()
			if len(paths[i]) > 0 {
				field = field.FieldByIndex(paths[i])
			}
			if err := assign(field, raw[i]); err != nil {
				return fmt.Errorf("column %s: %w", columns[i], err)
			}
		}
		return nil
	}, nil
}

func isRecord(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != timeType && !reflect.PointerTo(t).Implements(unmarshalerType)
}

// fieldsOf maps column names to fields. An embedded struct's columns stand
// among the others; those of a field that is a struct are prefixed with its
// name and a dot, as Prefixed writes them.
func fieldsOf(t reflect.Type) map[string][]int {
	if m, ok := fieldCache.Load(t); ok {
		return m.(map[string][]int)
	}
	m := map[string][]int{}
	addFields(m, t, "", nil)
	fieldCache.Store(t, m)
	return m
}

func addFields(m map[string][]int, t reflect.Type, prefix string, path []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(slices.Clone(path), i)
		name := f.Tag.Get("db")
		if name == "" {
			name = snake(f.Name)
		}
		switch {
		case f.Anonymous && isRecord(f.Type):
			addFields(m, f.Type, prefix, at)
		case !f.IsExported():
		case isRecord(f.Type):
			addFields(m, f.Type, prefix+name+".", at)
		default:
			m[prefix+name] = at
		}
	}
}

// Prefixed names each column of a select list after the struct field that is
// to take it: Prefixed("slot", "slot.id, slot.ref") gives
// slot.id AS "slot.id", slot.ref AS "slot.ref".
func Prefixed(field, columns string) string {
	var out []string
	for column := range strings.SplitSeq(columns, ",") {
		column = strings.TrimSpace(column)
		expression, name, renamed := strings.Cut(column, " AS ")
		if !renamed {
			name = column[strings.LastIndexByte(column, '.')+1:]
		}
		out = append(out, expression+` AS "`+field+`.`+name+`"`)
	}
	return strings.Join(out, ", ")
}

// snake turns BornOn into born_on and CardID into card_id.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) {
			starts := i > 0 && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
			if starts {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// assign puts a value from the file into a field; NULL leaves it at zero.
func assign(dst reflect.Value, src any) error {
	if src == nil {
		dst.SetZero()
		return nil
	}
	if dst.Type() == timeType {
		text, ok := src.(string)
		if !ok {
			return fmt.Errorf("got %T, want an instant", src)
		}
		t, err := time.Parse(instantLayout, text)
		if err != nil {
			return err
		}
		dst.Set(reflect.ValueOf(t))
		return nil
	}
	if text, ok := src.(string); ok {
		if u, ok := dst.Addr().Interface().(encoding.TextUnmarshaler); ok {
			return u.UnmarshalText([]byte(text))
		}
	}
	switch v := src.(type) {
	case string:
		if dst.Kind() == reflect.String {
			dst.SetString(v)
			return nil
		}
	case int64:
		switch dst.Kind() {
		case reflect.Bool:
			dst.SetBool(v != 0)
			return nil
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			dst.SetInt(v)
			return nil
		case reflect.Float64:
			dst.SetFloat(float64(v))
			return nil
		}
	case float64:
		if dst.Kind() == reflect.Float64 {
			dst.SetFloat(v)
			return nil
		}
	case []byte:
		if dst.Kind() == reflect.Slice && dst.Type().Elem().Kind() == reflect.Uint8 {
			dst.SetBytes(append([]byte(nil), v...))
			return nil
		}
	}
	return fmt.Errorf("%T does not fit in %v", src, dst.Type())
}
