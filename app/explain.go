package app

import (
	"errors"

	"madoguchi/app/demo"
	"madoguchi/app/intake"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/store"
	"madoguchi/store/crypt"
	"madoguchi/store/replica"
	"madoguchi/store/restore"
)

// explanations says what an operator can do about an error that is known.
var explanations = []struct {
	err  error
	says string
}{
	{store.ErrLocked, "データベースは別のmadoguchiが使っています。それを止めてからもう一度実行してください。"},
	{store.ErrNewerSchema, "データベースは、この版のmadoguchiでは扱えない形に変わっています。新しい版のmadoguchiを使うか、変わる前の時点に復旧してください。"},
	{store.ErrOlderSchema, "データベースのスキーマが古い版です。サーバーを再起動するか、止めて madoguchi migrate を実行してください。"},
	{replica.ErrFenced, "別のサーバーが業務を引き継いでいます。このサーバーは何も受け付けません。待機系として始めるか、復旧してください。"},
	{replica.ErrForeignCopies, "複製先に、このデータベースのものでない複製があります。復旧するか、空の場所を --replica に指定してください。"},
	{replica.ErrOldDatabase, "データベースが、複製より古い状態に戻っています（停電などで、書いたはずのものがディスクから失われました）。madoguchi restore で複製から復旧してください。"},
	{replica.ErrNotEncrypted, "複製先にデータ鍵がありません。庁舎の外には暗号化せずに送りません。madoguchi keys wrap で作ってください。"},
	{replica.ErrClearCopies, "この複製先には暗号化していない複製があります。空の場所を --replica に指定してください。"},
	{replica.ErrOlder, "複製の新しい部分が失われています。サーバーの報告より古い状態しか戻せないので、置き換えていません。それでも戻すときは --accept-loss を付けます。"},
	{crypt.ErrNoKey, "複製は暗号化されています。開ける鍵ファイルを --identity で指定してください。"},
	{crypt.ErrStrangeKey, "データ鍵が、これまでの鍵から作られたものではありません。だれかが複製先に鍵を置いた疑いがあります。使いません。"},
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
