// Brings the types that scripts are written against into sight of the compiler, with the recipes.
import type {} from '../../definitions/replicator-v2.d.ts';
