#!/bin/sh
# Runs stalkeer as the user PUID:PGID with the given UMASK, so that the files it writes belong to
# the same user as those of Radarr and Sonarr. Started as another user than root, it stays that one.
set -eu

umask "${UMASK:-002}"
if [ "$(id -u)" -ne 0 ]; then
    exec stalkeer "$@"
fi
uid="${PUID:-1000}"
gid="${PGID:-1000}"
for number in "$uid" "$gid"; do
    case $number in
        *[!0-9]* | "")
            echo "PUID and PGID are numbers, as \`id\` shows them; not '$number'." >&2
            exit 2
            ;;
    esac
done
if [ "$uid" -eq 0 ]; then
    exec stalkeer "$@"
fi
data="${STALKEER_DATA_DIR:-/config}"
mkdir -p "$data"
# Only the folder itself and the keys: what is inside was made by the same user before.
chown "$uid:$gid" "$data"
if [ -d "$data/secrets" ]; then chown -R "$uid:$gid" "$data/secrets"; fi
exec setpriv --reuid="$uid" --regid="$gid" --clear-groups -- stalkeer "$@"
