package app

import (
	"errors"

	"madoguchi/app/demo"
	"madoguchi/app/intake"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/store"
	"madoguchi/store/replica"
	"madoguchi/store/restore"
)

// explanations says what an operator can do about an error that is known.
var explanations = []struct {
	err  error
	says string
}{
	{store.ErrLocked, "データベースは別のmadoguchiが使っています。それを止めてからもう一度実行してください。"},
	{store.ErrNewerSchema, "データベースは新しい版のmadoguchiで作られています。その版以降のプログラムを使ってください。"},
	{store.ErrOlderSchema, "データベースのスキーマが古い版です。サーバーを再起動するか、止めて madoguchi migrate を実行してください。"},
	{replica.ErrNoCopies, "複製先に複製がありません。--replica の場所を確かめてください。"},
	{restore.ErrTooOld, "指定の時点まで遡れる複製がありません。もっと新しい時点を --at で指定してください。"},
	{restore.ErrDamaged, "複製が壊れています。今のデータは置き換えていません。--at で前の時点を指定すると復旧できることがあります。"},
	{demo.ErrOtherData, "このフォルダには架空データでないデータがあります。--data で空のフォルダを指定してください。"},
	{intake.PostalNotJapanPost, "日本郵便の郵便番号データ（utf_ken_all.zip、ken_all.zip、jigyosyo.zip）ではありません。"},
	{intake.PostalTruncated, "ファイルが途中で切れているか壊れています。ダウンロードし直してください。"},
	{intake.PostalTooLarge, "ファイルが大きすぎます。郵便番号データではないようです。"},
	{intake.PostalColumns, "郵便番号データと形が違う行があります。ダウンロードし直してください。"},
	{intake.PostalSame, "このファイルは、いま使っているものと同じです。"},
	{staff.NotFound, "その担当者IDはありません。"},
	{staff.Taken, "その担当者IDは使われています。"},
	{staff.BadStaffID, "担当者IDは半角の英数字と記号で40文字までにしてください。"},
	{staff.NameMissing, "氏名を40文字までで指定してください。"},
	{staff.RoleUnknown, "役割は administrator か clerk です。"},
	{staff.LastAdministrator, "最後の管理者は停止できません。"},
}

// explain puts an error into words for the operator, with the technical chain
// after it where that helps; a problem's code alone would not.
func explain(err error) string {
	for _, e := range explanations {
		if !errors.Is(err, e.err) {
			continue
		}
		if _, isProblem := problem.As(err); isProblem {
			return e.says
		}
		return e.says + "（" + err.Error() + "）"
	}
	return err.Error()
}
