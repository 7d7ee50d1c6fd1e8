#!/usr/bin/env bash
# ml-hclust 4.0.0: group(k) of a tree in which equal rows would have to be parted gives groups that no longer hold all rows.
# Guess: the groups are a partition, as scipy's fcluster(criterion="maxclust") gives one. Seen: of the rows 1, 1, 1, 5,
# group(3) holds three rows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent ml-hclust@4.0.0 >/dev/null
cat >run.mjs <<'JS'
import { agnes } from "ml-hclust";
const rows = [[1], [1], [1], [5]];
const tree = agnes(rows, { method: "average" });
const held = [2, 3].map((k) => `${k}: ${tree.group(k).children.reduce((sum, c) => sum + c.size, 0)}`);
console.log(`rows 4, held by group ${held.join(", ")}`);
JS
seen=$(node run.mjs)
echo "$seen"
[ "$seen" = "rows 4, held by group 2: 4, 3: 3" ]
